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

(identifier) @variable
(assignment left: (_) @bound)
(operator_assignment left: (_) @bound)
(method parameters: (_) @bound)
(singleton_method parameters: (_) @bound)
[(block_parameters) (lambda_parameters)] @bound
(for pattern: (_) @bound)
(exception_variable) @bound
(as_pattern name: (_) @bound)
(array_pattern (identifier) @bound)
(array_pattern (splat_parameter name: (_) @bound))
(in_clause pattern: (identifier) @bound)
(keyword_pattern value: (identifier) @bound)
(keyword_pattern key: (hash_key_symbol) @variable !value)
(keyword_pattern key: (hash_key_symbol) @ambiguous !value)
(pair key: (hash_key_symbol) @variable !value)
(pair key: (hash_key_symbol) @ambiguous !value)
(optional_parameter value: (_) @used)
(keyword_parameter value: (_) @used)
[(call) (element_reference)] @used
(call method: (_) @fixed)
(method name: (_) @declared) @own
(singleton_method name: (_) @declared) @own
[(method) (singleton_method) (block) (do_block) (lambda)] @region
