(class name: (_) @name body: (_) @body) @definition.class
(class name: (_) @name !body) @definition.class
(module name: (_) @name body: (_) @body) @definition.module
(method name: (_) @name body: (_) @body) @definition.function
(method name: (_) @name !body) @definition.function
(singleton_method name: (_) @name body: (_) @body) @definition.method
(singleton_method name: (_) @name !body) @definition.method
(singleton_class value: (_) @name body: (_) @body) @definition.class
(assignment left: (constant) @name) @definition.variable

(call method: (identifier) @require arguments: (argument_list . (string (string_content) @module))) @import

(comment) @comment
[(string) (heredoc_body) (regex) (string_array) (symbol_array) (subshell) (delimited_symbol)] @string
(interpolation) @code
[(body_statement) (block_body) (then) (else) (do) (begin) (ensure) (rescue) (case)] @block
