(function_definition name: (_) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(trait_declaration name: (_) @name body: (_) @body) @definition.trait
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name !body) @definition.method
(property_declaration (property_element name: (_) @name)) @definition.variable
(const_declaration (const_element (name) @name)) @definition.variable
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(anonymous_function body: (_) @body) @scope

(namespace_use_declaration !body
  (namespace_use_clause [(qualified_name) (name)] @module !alias)) @import
(namespace_use_declaration !body
  (namespace_use_clause [(qualified_name) (name)] @module alias: (_) @alias)) @import
(namespace_use_declaration
  (namespace_name) @module
  body: (namespace_use_group (namespace_use_clause (_) @imported !alias))) @import
(namespace_use_declaration
  (namespace_name) @module
  body: (namespace_use_group (namespace_use_clause . (_) @imported alias: (_) @alias))) @import
(expression_statement (require_once_expression (_) @module)) @import
(expression_statement (require_expression (_) @module)) @import
(expression_statement (include_once_expression (_) @module)) @import
(expression_statement (include_expression (_) @module)) @import

(comment) @comment
[(string) (encapsed_string) (heredoc) (nowdoc) (shell_command_expression) (text_interpolation)] @string
[(compound_statement) (declaration_list) (enum_declaration_list) (switch_block) (match_block)] @block

(variable_name) @variable
(assignment_expression left: (_) @bound)
(augmented_assignment_expression left: (_) @bound)
(reference_assignment_expression left: (_) @bound)
(reference_assignment_expression right: (_) @bound)
(simple_parameter name: (_) @bound)
(variadic_parameter name: (_) @bound)
(foreach_statement . (_) . [(variable_name) (list_literal) (by_ref)] @bound)
(foreach_statement . (_) . (pair (_) @bound))
(catch_clause name: (_) @bound)
(static_variable_declaration name: (_) @bound)
(argument (variable_name) @bound)
(property_promotion_parameter name: (_) @bound.outside)
(property_element name: (_) @bound.outside)
(subscript_expression (_) (_) @used)
(member_access_expression) @used
(scoped_property_access_expression name: (_) @fixed)
(global_declaration (variable_name) @elsewhere)
(function_call_expression
  arguments: (arguments (argument (string (string_content) @variable @ambiguous))))
[(function_definition) (method_declaration) (anonymous_function) (arrow_function)] @region
(declaration_list) @members

(simple_parameter type: (_) @annotation)
(variadic_parameter type: (_) @annotation)
(property_promotion_parameter type: (_) @annotation)
(property_declaration type: (_) @annotation)
(function_definition ":" @annotation return_type: (_) @annotation)
(method_declaration ":" @annotation return_type: (_) @annotation)
(anonymous_function ":" @annotation return_type: (_) @annotation)
(arrow_function ":" @annotation return_type: (_) @annotation)
(attribute_list) @decoration
