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
