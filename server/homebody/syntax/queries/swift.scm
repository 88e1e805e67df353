(class_declaration name: [(type_identifier) @name (user_type) @name] body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(function_declaration) @definition.function
(protocol_function_declaration name: (simple_identifier) @name) @definition.method
(init_declaration "init" @name body: (_) @body) @definition.method
(deinit_declaration "deinit" @name body: (_) @body) @definition.method
(property_declaration
  name: (pattern bound_identifier: (_) @name) computed_value: (_) @body) @definition.variable
(property_declaration name: (pattern bound_identifier: (_) @name)) @definition.variable
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @definition.variable
(typealias_declaration name: (type_identifier) @name) @definition.type

(import_declaration (identifier) @module) @import

[(comment) (multiline_comment)] @comment
[(line_string_literal) (multi_line_string_literal) (raw_string_literal) (regex_literal)] @string
(interpolated_expression) @code
[(statements) (class_body) (enum_class_body) (protocol_body)] @block
[(function_body) (computed_property) (switch_statement) (lambda_literal)] @block
(attribute) @decoration
