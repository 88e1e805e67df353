(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name !body) @definition.method
(annotation_type_element_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.method
(compact_constructor_declaration name: (_) @name body: (_) @body) @definition.method
(field_declaration declarator: (variable_declarator name: (_) @name)) @definition.variable
(constant_declaration declarator: (variable_declarator name: (_) @name)) @definition.variable
(lambda_expression body: (block) @body) @scope

(import_declaration (scoped_identifier) @module) @import
(import_declaration (identifier) @module) @import

[(line_comment) (block_comment)] @comment
[(string_literal) (character_literal)] @string
(string_interpolation) @code
[(block) (class_body) (interface_body) (enum_body) (annotation_type_body) (constructor_body)] @block
[(switch_block) (switch_block_statement_group) (enum_body_declarations)] @block

(identifier) @variable
(variable_declarator name: (_) @bound)
(formal_parameter name: (_) @bound)
(lambda_expression parameters: (_) @bound)
(enhanced_for_statement name: (_) @bound)
(catch_formal_parameter name: (_) @bound)
(resource name: (_) @bound)
(instanceof_expression name: (_) @bound)
(record_pattern_component (identifier) @bound)
(type_pattern (identifier) @bound)
(record_pattern . (identifier) @fixed)
(method_invocation name: (_) @fixed)
(field_access field: (_) @fixed)
(method_reference (_) (identifier) @fixed)
(annotation name: (_) @fixed)
(marker_annotation name: (_) @fixed)
(element_value_pair key: (_) @fixed)
(labeled_statement . (identifier) @fixed)
(break_statement (identifier) @fixed)
(continue_statement (identifier) @fixed)
(enum_constant name: (_) @bound.outside)
(method_declaration name: (_) @declared) @own
(constructor_declaration name: (_) @declared) @own
(class_declaration name: (_) @declared) @own
(record_declaration name: (_) @declared) @own
[(method_declaration) (constructor_declaration) (lambda_expression) (block)] @region
[(for_statement) (enhanced_for_statement) (catch_clause) (try_with_resources_statement)] @region
[(switch_block_statement_group) (switch_rule)] @region
[(class_body) (interface_body) (enum_body)] @members

[(annotation) (marker_annotation)] @decoration
