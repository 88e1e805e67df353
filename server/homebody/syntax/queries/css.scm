(rule_set (selectors) @name (block) @body) @definition.rule
(media_statement (block) @body) @scope
(supports_statement (block) @body) @scope
(at_rule (block) @body) @scope
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.rule

(import_statement (string_value (string_content) @module)) @import
(import_statement (call_expression (arguments (string_value (string_content) @module)))) @import

(comment) @comment
(string_value) @string
[(block) (keyframe_block_list)] @block
