(function_declaration name: (identifier) @name body: (_) @body) @definition.function
(generator_function_declaration name: (identifier) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(method_definition name: (_) @name body: (_) @body) @definition.method
(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @definition.method
(public_field_definition name: (_) @name) @definition.variable
(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (_) @name body: (_) @body) @definition.module
(module name: (_) @name body: (_) @body) @definition.module
(function_signature name: (_) @name) @definition.function
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(property_signature name: (_) @name) @definition.variable
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
(ambient_declaration (_) @wrapped) @wrapper
(expression_statement (internal_module) @wrapped) @wrapper

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
(import_statement
  (import_require_clause (identifier) @alias source: (string) @module)) @import
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
[(interface_body) (enum_body) (object_type)] @block
[(switch_case) (switch_default)] @block

(identifier) @variable
[(shorthand_property_identifier) (shorthand_property_identifier_pattern)] @variable
[(shorthand_property_identifier) (shorthand_property_identifier_pattern)] @ambiguous
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
(required_parameter value: (_) @used)
(optional_parameter value: (_) @used)
(required_parameter (accessibility_modifier) pattern: (_) @bound.outside)
(required_parameter "readonly" pattern: (_) @bound.outside)
(abstract_class_declaration name: (_) @declared) @own
[(type_annotation) (type_arguments) (type_parameters)] @fixed
(type_query) @used

[(type_annotation) (asserts_annotation) (type_predicate_annotation)] @annotation
(decorator) @decoration
