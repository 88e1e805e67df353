(function_item name: (_) @name body: (_) @body) @definition.function
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name body: (_) @body) @definition.struct
(struct_item name: (_) @name !body) @definition.struct
(union_item name: (_) @name body: (_) @body) @definition.struct
(enum_item name: (_) @name body: (_) @body) @definition.enum
(trait_item name: (_) @name body: (_) @body) @definition.trait
(impl_item type: [
  (type_identifier) @name
  (generic_type type: (_) @name)
  (scoped_type_identifier name: (_) @name)
  (reference_type) @name
] body: (_) @body) @definition.impl
(mod_item name: (_) @name body: (_) @body) @definition.module
(mod_item name: (_) @name !body) @definition.module
(macro_definition name: (_) @name) @definition.macro
(type_item name: (_) @name) @definition.type
(const_item name: (_) @name) @definition.variable
(static_item name: (_) @name) @definition.variable
(closure_expression body: (block) @body) @scope

(use_declaration argument: (_) @module) @import

[(line_comment) (block_comment)] @comment
[(string_literal) (raw_string_literal) (char_literal)] @string
[(block) (declaration_list) (field_declaration_list) (enum_variant_list) (match_block)] @block

[(identifier) (shorthand_field_identifier)] @variable
(shorthand_field_identifier) @shorthand
(shorthand_field_initializer (identifier) @shorthand)
(let_declaration pattern: (_) @bound)
(let_condition pattern: (_) @bound)
(for_expression pattern: (_) @bound)
(match_arm pattern: (_) @bound)
(parameter pattern: (_) @bound)
(closure_parameters) @bound
(const_item name: (_) @bound)
(static_item name: (_) @bound)
(match_pattern condition: (_) @used)
(tuple_struct_pattern type: (_) @used)
(struct_pattern type: (_) @used)
[(scoped_identifier) (range_pattern)] @used
(parameter type: (_) @fixed)
(scoped_identifier name: (_) @fixed)
(macro_invocation macro: (_) @fixed)
[(attribute_item) (inner_attribute_item) (lifetime) (label)] @fixed
(function_item name: (_) @declared) @own
(use_declaration) @bound.outside
[(function_item) (closure_expression) (block) (match_arm)] @region
[(if_expression) (while_expression) (for_expression)] @region

(attribute_item) @decoration
