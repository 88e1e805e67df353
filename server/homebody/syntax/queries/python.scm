(function_definition name: (identifier) @name body: (block) @body) @definition.function
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(decorated_definition definition: (_) @wrapped) @wrapper
(expression_statement (assignment left: (identifier) @name)) @definition.variable
(type_alias_statement left: (type (identifier) @name)) @definition.type

(import_statement name: (dotted_name) @module) @import
(import_statement name: (aliased_import name: (dotted_name) @module alias: (identifier) @alias)) @import
(import_from_statement module_name: (_) @module name: (dotted_name) @imported) @import
(import_from_statement
  module_name: (_) @module
  name: (aliased_import name: (dotted_name) @imported alias: (identifier) @alias)) @import
(import_from_statement module_name: (_) @module (wildcard_import) @imported) @import
(future_import_statement "__future__" @module name: (dotted_name) @imported) @import

(comment) @comment
(string) @string
(interpolation) @code
(block) @block

(identifier) @variable
(assignment left: (_) @bound)
(augmented_assignment left: (_) @bound)
(named_expression name: (_) @bound.around)
(for_statement left: (_) @bound)
(for_in_clause left: (_) @bound)
(as_pattern_target) @bound
(as_pattern (case_pattern) (identifier) @bound)
(splat_pattern (identifier) @bound)
(case_pattern (dotted_name . (identifier) @bound .))
(keyword_pattern (dotted_name . (identifier) @bound .))
(function_definition parameters: (_) @bound)
(lambda parameters: (_) @bound)
(default_parameter value: (_) @used)
(typed_default_parameter value: (_) @used)
[(attribute) (subscript) (call) (class_pattern (dotted_name))] @used
(attribute attribute: (_) @fixed)
(keyword_argument name: (_) @fixed)
(keyword_pattern . (identifier) @fixed)
(dotted_name "." . (identifier) @fixed)
(type) @fixed
(function_definition name: (_) @declared) @own
(class_definition name: (_) @declared) @own
[(import_statement) (import_from_statement) (future_import_statement)] @bound.outside
(aliased_import alias: (_) @bound)
(global_statement (identifier) @elsewhere)
(nonlocal_statement (identifier) @around)
[(function_definition) (lambda) (generator_expression)] @region
[(list_comprehension) (set_comprehension) (dictionary_comprehension)] @region
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @passed
(class_definition body: (_) @members)

(typed_parameter ":" @annotation type: (_) @annotation)
(typed_default_parameter ":" @annotation type: (_) @annotation)
(function_definition "->" @annotation return_type: (_) @annotation)
[(function_definition type_parameters: (_) @annotation) (class_definition type_parameters: (_) @annotation)]
(assignment ":" @annotation type: (_) @annotation right: (_))
(expression_statement (assignment right: (call function: (_) @typevar.call))) @typevar
(if_statement condition: (_) @condition consequence: (_) @conditional !alternative) @conditional.whole
(decorator) @decoration
