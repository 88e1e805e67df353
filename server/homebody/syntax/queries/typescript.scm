; inherits: ecma

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
(ambient_declaration (_) @wrapped) @wrapper
(expression_statement (internal_module) @wrapped) @wrapper

(import_statement
  (import_require_clause (identifier) @alias source: (string) @module)) @import

[(interface_body) (enum_body) (object_type)] @block

(required_parameter value: (_) @used)
(optional_parameter value: (_) @used)
(required_parameter (accessibility_modifier) pattern: (_) @bound.outside)
(required_parameter "readonly" pattern: (_) @bound.outside)
(abstract_class_declaration name: (_) @declared) @own
[(type_annotation) (type_arguments) (type_parameters)] @fixed
(type_query) @used

[(type_annotation) (asserts_annotation) (type_predicate_annotation) (type_parameters)] @annotation
[(new_expression type_arguments: (_) @annotation) (call_expression type_arguments: (_) @annotation)]
[(interface_declaration) (type_alias_declaration)] @annotation
(export_statement declaration: [(interface_declaration) (type_alias_declaration)]) @annotation
(optional_parameter "?" @annotation)
(arrow_function parameters: (formal_parameters "(" @annotation . (required_parameter) . ")" @annotation))
(non_null_expression "!" @annotation)
(as_expression "as" @annotation . (_) @annotation)
(satisfies_expression "satisfies" @annotation . (_) @annotation)
(parenthesized_expression "(" @annotation . [(as_expression) (satisfies_expression)] . ")" @annotation)
