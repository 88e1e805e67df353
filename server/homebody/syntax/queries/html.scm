(element . (start_tag (tag_name) @name) @header (end_tag)) @scope

(script_element (start_tag (attribute
  (attribute_name) @require
  (quoted_attribute_value (attribute_value) @module)))) @import
(comment) @comment
[(attribute_value) (quoted_attribute_value)] @string
[(element) (script_element) (style_element)] @block
