(class_declaration name: (_) @name [(class_body) (enum_class_body)] @body) @definition.class
(class_declaration name: (_) @name) @definition.class
(object_declaration name: (_) @name (class_body) @body) @definition.class
(object_declaration name: (_) @name) @definition.class
(companion_object (class_body) @body) @definition.class
(function_declaration name: (_) @name (function_body) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(secondary_constructor (block) @body) @scope
(property_declaration (variable_declaration (identifier) @name)) @definition.variable
(type_alias type: (_) @name) @definition.type
(anonymous_function (function_body) @body) @scope

(import (qualified_identifier) @module) @import
(import (qualified_identifier) @module (identifier) @alias) @import

[(line_comment) (block_comment)] @comment
[(string_literal) (multiline_string_literal) (character_literal)] @string
(interpolation) @code
[(block) (class_body) (enum_class_body) (lambda_literal) (when_expression)] @block

(identifier) @variable
(variable_declaration (identifier) @bound)
(parameter (identifier) @bound)
(catch_block . (identifier) @bound)
(class_parameter (identifier) @bound.outside)
(user_type) @fixed
(navigation_expression (_) (identifier) @fixed)
(value_argument (identifier) @fixed "=" (_))
(infix_expression (_) . (identifier) @fixed . (_))
(return_expression label: (_) @fixed)
(function_declaration name: (_) @declared) @own
(class_declaration name: (_) @declared) @own
(object_declaration name: (_) @declared) @own
(import) @bound.outside
[(function_declaration) (anonymous_function) (lambda_literal) (block)] @region
[(for_statement) (catch_block) (when_expression)] @region
[(class_body) (enum_class_body)] @members

(variable_declaration ":" @annotation . (_) @annotation)
(function_declaration ":" @annotation . (_) @annotation)
(annotation) @decoration
