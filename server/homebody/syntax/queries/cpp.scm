; inherits: c_common

(function_definition
  declarator: (function_declarator declarator: [
    (identifier) @name
    (field_identifier) @name
    (destructor_name) @name
    (operator_name) @name
    (qualified_identifier
      scope: [(namespace_identifier) @container (template_type name: (_) @container)]
      name: (_) @name)
  ])
  body: (_) @body) @definition.function
(function_definition
  declarator: (function_declarator declarator: [
    (identifier) @name
    (field_identifier) @name
    (destructor_name) @name
    (operator_name) @name
  ])
  !body) @definition.function
(function_definition
  declarator: [
    (pointer_declarator declarator: (function_declarator declarator: (_) @name))
    (reference_declarator (function_declarator declarator: (_) @name))
  ]
  body: (_) @body) @definition.function
(field_declaration declarator: (function_declarator declarator: (_) @name)) @definition.method
(field_declaration
  declarator: [
    (pointer_declarator declarator: (function_declarator declarator: (_) @name))
    (reference_declarator (function_declarator declarator: (_) @name))
  ]) @definition.method
(field_declaration declarator: (field_identifier) @name) @definition.variable
(class_specifier name: (_) @name body: (_) @body) @definition.class
(concept_definition name: (_) @name) @definition.type
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(alias_declaration name: (_) @name) @definition.type
(lambda_expression body: (_) @body) @scope
(template_declaration (_) @wrapped .) @wrapper

(using_declaration (_) @module) @import

[(string_literal) (char_literal) (raw_string_literal) (system_lib_string)] @string
[(declaration_list) (preproc_if) (preproc_ifdef) (preproc_else) (preproc_elif)] @block

[(if_statement) (while_statement) (switch_statement) (for_range_loop) (catch_clause)] @region
(lambda_expression) @region
(optional_parameter_declaration declarator: (_) @bound)
(variadic_parameter_declaration declarator: (_) @bound)
(optional_parameter_declaration default_value: (_) @used)
(for_range_loop declarator: (_) @bound)
(lambda_capture_initializer left: (_) @bound)
(qualified_identifier name: (identifier) @fixed)
