(function_declaration name: (_) @name body: (_) @body) @definition.function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @container
    (pointer_type (type_identifier) @container)
    (generic_type type: (_) @container)
    (pointer_type (generic_type type: (_) @container))
  ]))
  name: (_) @name
  body: (_) @body) @definition.method
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (_) @name type: (interface_type)) @definition.interface
(type_spec name: (_) @name) @definition.type
(type_alias name: (_) @name) @definition.type
(method_elem name: (_) @name) @definition.method
(const_spec name: (_) @name) @definition.variable
(var_spec name: (_) @name) @definition.variable
(func_literal body: (_) @body) @scope
(type_declaration . (_) @wrapped .) @wrapper
(const_declaration . (const_spec) @wrapped .) @wrapper
(var_declaration . (var_spec) @wrapped .) @wrapper

(import_spec !name path: (_) @module) @import
(import_spec name: (_) @alias path: (_) @module) @import

(comment) @comment
[(interpreted_string_literal) (raw_string_literal) (rune_literal)] @string
[(statement_list) (field_declaration_list) (import_spec_list)] @block
[(block) (expression_switch_statement) (type_switch_statement) (select_statement) (interface_type)] @block

(identifier) @variable
(short_var_declaration left: (_) @bound)
(range_clause left: (_) @bound)
(receive_statement left: (_) @bound)
(var_spec name: (_) @bound)
(const_spec name: (_) @bound)
(type_switch_statement alias: (_) @bound)
(parameter_declaration name: (_) @bound)
(variadic_parameter_declaration name: (_) @bound)
[(selector_expression) (index_expression) (call_expression)] @used
(function_declaration name: (_) @declared) @own
(keyed_element key: (literal_element (identifier) @ambiguous))
[(function_declaration) (method_declaration) (func_literal) (block) (if_statement)] @region
[(for_statement) (expression_switch_statement) (type_switch_statement) (select_statement)] @region
[(expression_case) (type_case) (communication_case) (default_case)] @region
