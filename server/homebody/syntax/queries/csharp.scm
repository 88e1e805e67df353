(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name) @definition.class
(struct_declaration name: (_) @name body: (_) @body) @definition.struct
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(delegate_declaration name: (_) @name) @definition.type
(namespace_declaration name: (_) @name body: (_) @body) @definition.module
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name !body) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.method
(destructor_declaration name: (_) @name body: (_) @body) @definition.method
(operator_declaration operator: _ @name body: (_) @body) @definition.method
(local_function_statement name: (_) @name body: (_) @body) @definition.function
(property_declaration name: (_) @name accessors: (_) @body) @definition.variable
(property_declaration name: (_) @name !accessors) @definition.variable
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.variable
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name)))
  @definition.variable
(lambda_expression body: (block) @body) @scope

(using_directive !name [(identifier) (qualified_name)] @module) @import
(using_directive name: (_) @alias (qualified_name) @module) @import

(comment) @comment
[
  (string_literal)
  (verbatim_string_literal)
  (raw_string_literal)
  (character_literal)
  (interpolated_string_expression)
] @string
(interpolation) @code
[(block) (declaration_list) (enum_member_declaration_list) (accessor_list)] @block
[(switch_body) (switch_section)] @block
