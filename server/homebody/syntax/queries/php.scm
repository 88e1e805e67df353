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
