(function_declaration name: [
  (identifier) @name
  (dot_index_expression table: (_) @container field: (_) @name)
  (method_index_expression table: (_) @container method: (_) @name)
] parameters: (parameters) @parameters) @definition.function
(assignment_statement
  (variable_list . name: [
    (identifier) @name
    (dot_index_expression table: (_) @container field: (_) @name)
  ])
  (expression_list . value: (function_definition parameters: (parameters) @parameters)))
  @definition.function
(variable_declaration (assignment_statement (variable_list name: (identifier) @name)))
  @definition.variable
(function_definition parameters: (parameters) @parameters) @scope
(variable_declaration . (assignment_statement) @wrapped) @wrapper

(variable_declaration
  (assignment_statement
    (variable_list . name: (identifier) @alias)
    (expression_list . value: (function_call
      name: (identifier) @require
      arguments: (arguments . (string) @module))))) @import

(comment) @comment
(string) @string
[(block) (table_constructor)] @block
