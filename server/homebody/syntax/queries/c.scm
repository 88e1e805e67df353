; inherits: c_common

(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body)
  @definition.function
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))
  body: (_) @body) @definition.function
(function_definition
  declarator: (pointer_declarator declarator:
    (pointer_declarator declarator: (function_declarator declarator: (_) @name)))
  body: (_) @body) @definition.function
(declaration
  declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)))
  @definition.function
(declaration
  declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @name)))
  @definition.variable
(declaration
  declarator: (init_declarator declarator: (array_declarator declarator: (identifier) @name)))
  @definition.variable
(type_definition
  declarator: (function_declarator declarator: (parenthesized_declarator
    (pointer_declarator declarator: (type_identifier) @name)))) @definition.type

[(string_literal) (char_literal) (system_lib_string)] @string
[(preproc_if) (preproc_ifdef) (preproc_else) (preproc_elif)] @block
