-- Diagnostics of Neovim, in the form of LSP.

local rpc = require("homebody.rpc")

local M = {}

local MOST_DOCUMENTS, MOST_OF_ONE = 64, 100

-- Neovim counts bytes. A file that is not loaded has no text to count UTF-16 units in.
local function position(buf, line, column)
  local text = vim.api.nvim_buf_is_loaded(buf) and vim.api.nvim_buf_get_lines(buf, line, line + 1, false)[1]
  return { line = line, character = text and rpc.units(text:sub(1, column)) or column }
end

local function to_lsp(one)
  local buf, line, column = one.bufnr, one.lnum, one.col
  return {
    range = {
      start = position(buf, line, column),
      ["end"] = position(buf, one.end_lnum or line, one.end_col or column),
    },
    message = one.message,
    severity = one.severity,
    source = one.source,
    code = one.code,
  }
end

-- Diagnostics in a range of a buffer, for the code action that corrects them.
function M.within(buf, range)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    if one.lnum >= range.start.line and one.lnum <= range["end"].line then
      table.insert(found, to_lsp(one))
    end
  end
  return found
end

-- Diagnostics of all files, one entry for each file, errors first, to attach to questions.
-- A loaded file without diagnostics gets an empty list, so that the server drops its earlier ones.
function M.by_document()
  local found = {}
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local listed = vim.diagnostic.get(buf)
    if
      vim.bo[buf].buftype == ""
      and (vim.api.nvim_buf_is_loaded(buf) or #listed > 0)
      and vim.api.nvim_buf_get_name(buf) ~= ""
    then
      table.sort(listed, function(one, other) return one.severity < other.severity end)
      local sent = vim.tbl_map(to_lsp, vim.list_slice(listed, 1, MOST_OF_ONE))
      table.insert(found, { uri = rpc.document(buf).uri, diagnostics = sent })
    end
  end
  table.sort(found, function(one, other) return #one.diagnostics > #other.diagnostics end)
  return vim.list_slice(found, 1, MOST_DOCUMENTS)
end

return M
