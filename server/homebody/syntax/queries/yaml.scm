(block_mapping_pair
  key: (_) @name
  value: (block_node [(block_mapping) (block_sequence)] @body)) @definition.key

(comment) @comment
[(double_quote_scalar) (single_quote_scalar) (block_scalar)] @string
[(block_mapping) (block_sequence) (flow_mapping) (flow_sequence) (block_sequence_item)] @block
