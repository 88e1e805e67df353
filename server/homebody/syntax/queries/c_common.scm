(declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(declaration declarator: (identifier) @name) @definition.variable
(declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition declarator: (type_identifier) @name) @definition.type
(preproc_def name: (_) @name) @definition.macro
(preproc_function_def name: (_) @name) @definition.macro

(preproc_include path: (_) @module) @import

(comment) @comment
[(compound_statement) (field_declaration_list) (enumerator_list) (case_statement)] @block

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

[(attribute_declaration) (attribute_specifier)] @decoration
