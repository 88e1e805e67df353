-- Ghost text: asks while one types, shows the answer behind the cursor, accepts it whole or in parts.

local config = require("homebody.config")
local rpc = require("homebody.rpc")

local M = {}
local ns = vim.api.nvim_create_namespace("homebody")
local shown -- on screen: the items and which of them, the buffer, the first byte, the bytes behind the end
local asked -- the request in flight: its client and id

function M.clear()
  if shown then
    pcall(vim.api.nvim_buf_clear_namespace, shown.buf, ns, 0, -1)
    shown = nil
  end
end

-- Whether a completion menu is open: Neovim's own, nvim-cmp's or blink.cmp's.
local function menu_is_open()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local cmp, blink = package.loaded["cmp"], package.loaded["blink.cmp"]
  local _, is_cmp = pcall(function() return cmp and cmp.visible() end)
  local _, is_blink = pcall(function() return blink and blink.is_menu_visible and blink.is_menu_visible() end)
  return is_cmp == true or is_blink == true
end

-- Neovim 0.12 draws inline completions itself, where the user has turned that on.
local function is_built_in()
  local own = vim.lsp.inline_completion
  return own ~= nil and own.is_enabled ~= nil and own.is_enabled()
end

local function item()
  return shown.items[shown.index]
end

-- What of the suggestion is not typed yet, and the byte where it ends; nil where it no longer fits.
local function rest()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line, text = vim.api.nvim_get_current_line(), item().insertText
  local typed = line:sub(shown.first + 1, column)
  if row - 1 ~= item().range.start.line or column < shown.first or not vim.startswith(text, typed) then
    return nil
  end
  return text:sub(#typed + 1), math.max(column, #line - shown.behind)
end

function M.render()
  if not shown then
    return
  elseif menu_is_open() or vim.api.nvim_get_current_buf() ~= shown.buf then
    return M.clear()
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
  -- Of two windows on the buffer, only in the one that is typed in.
  if vim.api.nvim__ns_set then
    pcall(vim.api.nvim__ns_set, ns, { wins = { vim.api.nvim_get_current_win() } })
  end
end

local function show(client, buf, items)
  for _, one in ipairs(items) do
    -- A buffer's lines have no line ends, whatever the file has.
    one.insertText = one.insertText:gsub("\r\n", "\n")
  end
  local line = vim.api.nvim_get_current_line()
  shown = {
    items = items,
    index = 1,
    buf = buf,
    first = rpc.byte(line, items[1].range.start.character),
    behind = #line - rpc.byte(line, items[1].range["end"].character),
  }
  M.render()
  if shown then
    rpc.call(client, "notify", "textDocument/didShowCompletion", { item = items[1] })
    rpc.emit("HomebodySuggestion", { text = items[1].insertText, count = #items })
  end
end

local function cancel()
  if asked then
    rpc.call(asked.client, "cancel_request", asked.id)
    asked = nil
  end
end

-- Asks for suggestions at the cursor. `invoked`: by a key, for up to three of any confidence.
local function ask(invoked)
  local buf, client = vim.api.nvim_get_current_buf(), vim.lsp.get_clients({ bufnr = 0, name = "homebody" })[1]
  cancel()
  if not client or menu_is_open() or is_built_in() then
    return M.clear()
  end
  M.render() -- what is typed through stays on screen meanwhile
  local params = rpc.here()
  params.context = { triggerKind = invoked and 1 or 2 }
  local cursor = vim.api.nvim_win_get_cursor(0)
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  local sent, id = rpc.call(client, "request", "textDocument/inlineCompletion", params, function(err, result)
    local moved = vim.api.nvim_get_current_buf() ~= buf
      or vim.api.nvim_buf_get_changedtick(buf) ~= tick
      or not vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if err or moved or vim.fn.mode() ~= "i" or menu_is_open() then
      return
    end
    M.clear()
    local items = vim.tbl_filter(function(one) return one.range ~= nil end, result and (result.items or result) or {})
    if #items > 0 then
      show(client, buf, items)
    elseif invoked then
      rpc.say("the model has nothing to suggest here")
    end
  end, buf)
  asked = sent and { client = client, id = id } or nil
end

-- After each key: only where suggestions are on, and not while a macro runs.
function M.typed()
  if config.is_auto(vim.api.nvim_get_current_buf()) and vim.fn.reg_executing() == "" then
    ask(false)
  else
    M.clear()
  end
end

-- Asks by key.
function M.suggest()
  ask(true)
end

-- Whether something is on screen that can be accepted.
function M.is_shown()
  return shown ~= nil and not menu_is_open() and rest() ~= nil
end

-- Shows another suggestion; where there is only one, asks for more.
function M.cycle(step)
  if not M.is_shown() then
    return false
  end
  if #shown.items == 1 then
    ask(true)
  else
    shown.index = (shown.index - 1 + step) % #shown.items + 1
    vim.schedule(M.render)
  end
  return true
end

function M.dismiss()
  local was = M.is_shown()
  cancel()
  vim.schedule(M.clear)
  return was
end

-- The first word of a text, with the blanks before it and line ends; its first line.
local PARTS = {
  word = function(text) return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%s%w_]+") or text end,
  line = function(text) return text:match("^\n*[^\n]*") end,
}

local function insert(buf, row, column, last, text)
  -- An undo step of its own: what was typed before stays when it is undone.
  vim.cmd("let &g:undolevels = &g:undolevels")
  local lines = vim.split(text, "\n", { plain = true })
  vim.api.nvim_buf_set_text(buf, row, column, row, last, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and column or 0) + #lines[#lines] })
end

-- Accepts the suggestion; says whether there was one.
function M.accept()
  if not M.is_shown() then
    return false
  end
  local taken, one, _, last = shown, item(), rest()
  M.clear()
  vim.schedule(function()
    insert(taken.buf, one.range.start.line, taken.first, last, one.insertText)
    local client = rpc.client(taken.buf)
    if client and one.command then
      rpc.execute(client, one.command.command, one.command.arguments[1], function() end)
    end
    rpc.emit("HomebodyAccepted", { text = one.insertText })
  end)
  return true
end

-- Accepts a word or a line of it; the rest stays on screen. Says whether there was one.
function M.accept_part(kind)
  if not M.is_shown() then
    return false
  end
  local taken, one, text = shown, item(), (rest())
  local part = PARTS[kind](text)
  if #part >= #text then
    return M.accept()
  end
  vim.schedule(function()
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    insert(taken.buf, row - 1, column, column, part)
    local client = rpc.client(taken.buf)
    local accepted = one.insertText:sub(1, #one.insertText - #text + #part)
    if client then
      rpc.call(client, "notify", "textDocument/didPartiallyAcceptCompletion", { item = one, acceptedLength = rpc.units(accepted) })
    end
    M.typed()
  end)
  return true
end

return M
