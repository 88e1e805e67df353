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
(declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(field_declaration declarator: (function_declarator declarator: (_) @name)) @definition.method
(field_declaration
  declarator: [
    (pointer_declarator declarator: (function_declarator declarator: (_) @name))
    (reference_declarator (function_declarator declarator: (_) @name))
  ]) @definition.method
(field_declaration declarator: (field_identifier) @name) @definition.variable
(declaration declarator: (identifier) @name) @definition.variable
(declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable
(class_specifier name: (_) @name body: (_) @body) @definition.class
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(concept_definition name: (_) @name) @definition.type
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(alias_declaration name: (_) @name) @definition.type
(type_definition declarator: (type_identifier) @name) @definition.type
(preproc_def name: (_) @name) @definition.macro
(preproc_function_def name: (_) @name) @definition.macro
(lambda_expression body: (_) @body) @scope
(template_declaration (_) @wrapped .) @wrapper

(preproc_include path: (_) @module) @import
(using_declaration (_) @module) @import

(comment) @comment
[(string_literal) (char_literal) (raw_string_literal) (system_lib_string)] @string
[(compound_statement) (field_declaration_list) (enumerator_list) (case_statement)] @block
[(declaration_list) (preproc_if) (preproc_ifdef) (preproc_else) (preproc_elif)] @block

(identifier) @variable
(declaration declarator: (_) @bound)
(init_declarator declarator: (_) @bound)
(parameter_declaration declarator: (_) @bound)
(init_declarator value: (_) @used)
(array_declarator size: (_) @used)
(enumerator name: (_) @bound.outside)
(preproc_function_def) @fixed
(preproc_def) @fixed
(declaration
  declarator: (function_declarator
    parameters: (parameter_list (parameter_declaration type: (type_identifier) @ambiguous @variable))))
(function_definition declarator: (_) @declared) @own
[(function_definition) (compound_statement) (for_statement)] @region
[(if_statement) (while_statement) (switch_statement) (for_range_loop) (catch_clause)] @region
(lambda_expression) @region
(optional_parameter_declaration declarator: (_) @bound)
(variadic_parameter_declaration declarator: (_) @bound)
(optional_parameter_declaration default_value: (_) @used)
(for_range_loop declarator: (_) @bound)
(lambda_capture_initializer left: (_) @bound)
(qualified_identifier name: (identifier) @fixed)

[(attribute_declaration) (attribute_specifier)] @decoration
