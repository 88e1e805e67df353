(class_definition name: (_) @name body: (_) @body) @definition.class
(class_definition name: (_) @name !body) @definition.class
(trait_definition name: (_) @name body: (_) @body) @definition.trait
(trait_definition name: (_) @name !body) @definition.trait
(object_definition name: (_) @name body: (_) @body) @definition.class
(object_definition name: (_) @name !body) @definition.class
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(package_clause name: (_) @name body: (_) @body) @definition.module
(function_definition name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(given_definition name: (_) @name) @definition.variable
(val_definition pattern: (identifier) @name) @definition.variable
(var_definition pattern: (identifier) @name) @definition.variable
(val_declaration name: (_) @name) @definition.variable
(type_definition name: (_) @name) @definition.type

(import_declaration) @import
(import_declaration (namespace_selectors (identifier) @imported)) @import
(import_declaration
  (namespace_selectors (arrow_renamed_identifier name: (_) @imported alias: (_) @alias))) @import

[(comment) (block_comment)] @comment
[(string) (interpolated_string) (character_literal)] @string
(interpolation) @code
[(block) (template_body) (case_block) (enum_body) (indented_block) (indented_cases)] @block
(annotation) @decoration
