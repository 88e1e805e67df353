-- Ghost text: asks at each key, shows the answer behind the cursor, takes it with a key.

local rpc = require("homebody.rpc")

local M = {}
local ns = vim.api.nvim_create_namespace("homebody")
local shown -- the suggestion on screen: its item, buffer, first byte, and the bytes behind its end
local asked -- the request that is under way: its client and id

function M.clear()
  if shown then
    pcall(vim.api.nvim_buf_clear_namespace, shown.buf, ns, 0, -1)
    shown = nil
  end
end

-- What of the suggestion is not typed yet, and the byte where it ends; nil where it no longer fits.
local function rest()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line, text = vim.api.nvim_get_current_line(), shown.item.insertText
  local typed = line:sub(shown.first + 1, column)
  if row - 1 ~= shown.item.range.start.line or column < shown.first or not vim.startswith(text, typed) then
    return nil
  end
  return text:sub(#typed + 1), math.max(column, #line - shown.behind)
end

function M.render()
  if not shown then
    return
  end
  vim.api.nvim_buf_clear_namespace(shown.buf, ns, 0, -1)
  local text, last = rest()
  if not text or text == "" then
    return M.clear()
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  -- Closers that stand there already are part of the suggestion and are not shown twice.
  local behind = vim.api.nvim_get_current_line():sub(column + 1, last)
  if behind ~= "" and vim.endswith(text, behind) then
    text = text:sub(1, #text - #behind)
  end
  local lines = vim.split(text, "\n", { plain = true })
  local below = vim.tbl_map(function(line)
    return { { line == "" and " " or line, "HomebodyGhost" } }
  end, vim.list_slice(lines, 2))
  vim.api.nvim_buf_set_extmark(shown.buf, ns, row - 1, column, {
    virt_text = { { lines[1], "HomebodyGhost" } },
    virt_text_pos = "inline",
    virt_lines = #below > 0 and below or nil,
  })
end

local function show(client, buf, item)
  -- A buffer's lines have no line ends, whatever the file has.
  item.insertText = item.insertText:gsub("\r\n", "\n")
  local line = vim.api.nvim_get_current_line()
  shown = {
    item = item,
    buf = buf,
    first = rpc.byte(line, item.range.start.character),
    behind = #line - rpc.byte(line, item.range["end"].character),
  }
  M.render()
  if shown then
    rpc.call(client, "notify", "textDocument/didShowCompletion", { item = item })
  end
end

-- Asks for a suggestion at the cursor.
function M.suggest()
  local buf, client = vim.api.nvim_get_current_buf(), rpc.client()
  if asked then
    rpc.call(asked.client, "cancel_request", asked.id)
    asked = nil
  end
  if not client or vim.fn.pumvisible() == 1 then
    return M.clear()
  end
  M.render() -- what is typed through stays on screen meanwhile
  local params = vim.lsp.util.make_position_params(0, rpc.encoding)
  params.context = { triggerKind = 2 }
  local cursor = vim.api.nvim_win_get_cursor(0)
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  local sent, id = rpc.call(client, "request", "textDocument/inlineCompletion", params, function(err, result)
    local moved = vim.api.nvim_get_current_buf() ~= buf
      or vim.api.nvim_buf_get_changedtick(buf) ~= tick
      or not vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if err or moved or vim.fn.mode() ~= "i" then
      return
    end
    M.clear()
    local item = result and (result.items or result)[1]
    if item and item.range then
      show(client, buf, item)
    end
  end, buf)
  asked = sent and { client = client, id = id } or nil
end

-- Takes the suggestion on screen; says whether there was one.
function M.accept()
  local text, last
  if shown and vim.fn.pumvisible() == 0 then
    text, last = rest()
  end
  if not text then
    return false
  end
  local taken, client = shown, rpc.client()
  M.clear()
  vim.schedule(function()
    local row, lines = taken.item.range.start.line, vim.split(taken.item.insertText, "\n", { plain = true })
    vim.api.nvim_buf_set_text(taken.buf, row, taken.first, row, last, lines)
    vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and taken.first or 0) + #lines[#lines] })
    if client and taken.item.command then
      rpc.execute(client, taken.item.command.command, taken.item.command.arguments[1], function() end)
    end
  end)
  return true
end

return M
