(function_declaration name: (identifier) @name body: (_) @body) @definition.function
(generator_function_declaration name: (identifier) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(method_definition name: (_) @name body: (_) @body) @definition.method
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @definition.class
(variable_declarator name: (identifier) @name) @definition.variable
(lexical_declaration . (variable_declarator) @wrapped .) @wrapper
(variable_declaration . (variable_declarator) @wrapped .) @wrapper
(expression_statement
  (assignment_expression
    left: [(identifier) @name (member_expression property: (_) @name)]
    right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @definition.function
(pair
  key: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
(arrow_function body: (statement_block) @body) @scope
(function_expression body: (_) @body) @scope
(export_statement declaration: (_) @wrapped) @wrapper

(import_statement source: (string) @module) @import
(import_statement (import_clause (identifier) @alias) source: (string) @module) @import
(import_statement
  (import_clause (namespace_import (identifier) @alias)) source: (string) @module) @import
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @imported !alias)))
  source: (string) @module) @import
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @imported alias: (_) @alias)))
  source: (string) @module) @import
(export_statement source: (string) @module) @import
(lexical_declaration
  (variable_declarator
    name: (identifier) @alias
    value: (call_expression
      function: (identifier) @require
      arguments: (arguments . (string) @module)))) @import
(lexical_declaration
  (variable_declarator
    name: (object_pattern (shorthand_property_identifier_pattern) @imported)
    value: (call_expression
      function: (identifier) @require
      arguments: (arguments . (string) @module)))) @import
(lexical_declaration
  (variable_declarator
    name: (object_pattern (pair_pattern key: (_) @imported value: (identifier) @alias))
    value: (call_expression
      function: (identifier) @require
      arguments: (arguments . (string) @module)))) @import

(comment) @comment
[(string) (template_string) (regex)] @string
(template_substitution) @code
[(statement_block) (class_body) (switch_body) (object)] @block
[(switch_case) (switch_default)] @block

(identifier) @variable
[(shorthand_property_identifier) (shorthand_property_identifier_pattern)] @variable
[(shorthand_property_identifier) (shorthand_property_identifier_pattern)] @shorthand
(variable_declarator name: (_) @bound)
(for_in_statement kind: _ left: (_) @bound)
(catch_clause parameter: (_) @bound)
(function_declaration parameters: (_) @bound)
(generator_function_declaration parameters: (_) @bound)
(function_expression parameters: (_) @bound)
(generator_function parameters: (_) @bound)
(method_definition parameters: (_) @bound)
(arrow_function parameters: (_) @bound)
(arrow_function parameter: (_) @bound)
(function_expression name: (_) @bound)
(assignment_pattern right: (_) @used)
(object_assignment_pattern right: (_) @used)
[(computed_property_name) (member_expression) (subscript_expression) (call_expression)] @used
(function_declaration name: (_) @declared) @own
(generator_function_declaration name: (_) @declared) @own
(class_declaration name: (_) @declared) @own
(import_statement) @bound.outside
[(statement_block) (switch_body) (for_statement) (for_in_statement) (catch_clause)] @region
[(function_declaration) (generator_function_declaration) (function_expression)] @region
[(generator_function) (method_definition) (arrow_function)] @region
(class_body) @members

(decorator) @decoration
