(table [(bare_key) (dotted_key) (quoted_key)] @name) @definition.table
(table_array_element [(bare_key) (dotted_key) (quoted_key)] @name) @definition.table

(comment) @comment
(string) @string
[(table) (table_array_element) (array) (inline_table)] @block
