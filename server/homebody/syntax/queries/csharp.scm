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

[(identifier) (implicit_parameter)] @variable
(variable_declarator name: (_) @bound)
(variable_declarator (tuple_pattern) @bound)
(parameter name: (_) @bound)
(parameter_list name: (_) @bound)
(implicit_parameter) @bound
(foreach_statement left: (_) @bound)
(catch_declaration name: (_) @bound)
(declaration_expression name: (_) @bound)
(declaration_pattern name: (_) @bound)
(recursive_pattern name: (_) @bound)
(var_pattern name: (_) @bound)
(from_clause name: (_) @bound)
(let_clause . (identifier) @bound)
(variable_declaration type: (_) @fixed)
(parameter type: (_) @fixed)
(method_declaration returns: (_) @fixed)
(local_function_statement type: (_) @fixed)
(foreach_statement type: (_) @fixed)
(catch_declaration type: (_) @fixed)
(declaration_expression type: (_) @fixed)
(declaration_pattern type: (_) @fixed)
(object_creation_expression type: (_) @fixed)
(cast_expression type: (_) @fixed)
(as_expression right: (_) @fixed)
(generic_name (identifier) @fixed)
(type_argument_list) @fixed
(attribute) @fixed
(member_access_expression name: (_) @fixed)
(member_binding_expression name: (_) @fixed)
(argument name: (_) @fixed)
(subpattern . (identifier) @fixed)
(initializer_expression (assignment_expression left: (identifier) @fixed))
(labeled_statement . (identifier) @fixed)
(goto_statement (identifier) @fixed)
(anonymous_object_creation_expression (identifier) @ambiguous)
(property_declaration name: (_) @bound.outside)
(method_declaration name: (_) @declared) @own
(constructor_declaration name: (_) @declared) @own
(local_function_statement name: (_) @declared) @own
(class_declaration name: (_) @declared) @own
[(method_declaration) (constructor_declaration) (local_function_statement) (block)] @region
[(lambda_expression) (anonymous_method_expression) (for_statement) (foreach_statement)] @region
[(catch_clause) (using_statement) (switch_section) (query_expression)] @region
(declaration_list) @members

(attribute_list) @decoration
