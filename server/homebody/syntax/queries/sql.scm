(create_table (object_reference name: (_) @name) (column_definitions) @body) @definition.table
(create_table (object_reference name: (_) @name)) @definition.table
(create_view (object_reference name: (_) @name) (create_query) @body) @definition.table
(create_materialized_view (object_reference name: (_) @name)) @definition.table
(create_function . _ . _ . (object_reference name: (_) @name) (function_body) @body) @definition.function
(create_function (object_reference name: (_) @name) (function_body) @body) @definition.function
(create_index column: (_) @name) @definition.table
(create_type (object_reference name: (_) @name)) @definition.type
(create_trigger (object_reference name: (_) @name)) @definition.function
(cte . (identifier) @name) @definition.table
(statement . (_) @wrapped .) @wrapper

[(comment) (marginalia)] @comment
(literal) @literal
[(column_definitions) (function_body) (block)] @block
