(section . (atx_heading heading_content: (_) @name)) @definition.section
(section . (setext_heading heading_content: (_) @name)) @definition.section
(fenced_code_block) @scope

(html_block) @comment
[(section) (list) (list_item) (block_quote)] @block
