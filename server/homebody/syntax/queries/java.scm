(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name !body) @definition.method
(annotation_type_element_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.method
(compact_constructor_declaration name: (_) @name body: (_) @body) @definition.method
(field_declaration declarator: (variable_declarator name: (_) @name)) @definition.variable
(constant_declaration declarator: (variable_declarator name: (_) @name)) @definition.variable
(lambda_expression body: (block) @body) @scope

(import_declaration (scoped_identifier) @module) @import
(import_declaration (identifier) @module) @import

[(line_comment) (block_comment)] @comment
[(string_literal) (character_literal)] @string
(string_interpolation) @code
[(block) (class_body) (interface_body) (enum_body) (annotation_type_body) (constructor_body)] @block
[(switch_block) (switch_block_statement_group) (enum_body_declarations)] @block
