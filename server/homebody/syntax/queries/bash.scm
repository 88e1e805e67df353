(function_definition name: (word) @name body: (_) @body) @definition.function
(variable_assignment name: (variable_name) @name) @definition.variable
(declaration_command (variable_assignment) @wrapped .) @wrapper

(command
  name: (command_name (word) @require)
  argument: (_) @module) @import

(comment) @comment
[(string) (raw_string) (ansi_c_string) (heredoc_body)] @string
[(expansion) (command_substitution) (simple_expansion)] @code
[(compound_statement) (do_group) (if_statement) (case_item) (case_statement) (elif_clause) (else_clause)]
  @block
