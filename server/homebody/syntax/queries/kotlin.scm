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
