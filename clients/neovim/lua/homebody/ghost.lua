-- Ghost text: requests it while the user types, shows it after the cursor, accepts all or a part of it.

local config = require("homebody.config")
local menus = require("homebody.menus")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")

local M = {}
local ns = vim.api.nvim_create_namespace("homebody")
local signs = vim.api.nvim_create_namespace("homebody-unsure")
local shown -- on screen: the items, the index of the one in view, the buffer, the first byte, the bytes after the end
local window -- the window in which ghost text is visible
local pending -- the request in flight: its client and id
local empty_at -- buffer and position of a request whose answer was empty, until the next key
M.last_ms = nil -- time of the last answer, in milliseconds

-- Whether an open menu hides ghost text.
local function is_hidden() return not config.options.beside_menu and menus.is_open() end

function M.clear()
  empty_at = nil
  vim.api.nvim_buf_clear_namespace(0, signs, 0, -1)
  if shown then
    pcall(vim.api.nvim_buf_clear_namespace, shown.buf, ns, 0, -1)
    shown = nil
  end
end

-- vim.lsp.inline_completion (Neovim 0.12), where the user has enabled it: it then draws the ghost text.
local function built_in()
  local own = vim.lsp.inline_completion
  return own and own.is_enabled and own.is_enabled() and own or nil
end

local function item() return shown.items[shown.index] end

-- The text between the beginning of the suggestion's range and the cursor; nil if the cursor is elsewhere.
local function typed_part()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  if row - 1 ~= item().range.start.line or column < shown.first then
    return nil
  end
  return vim.api.nvim_get_current_line():sub(shown.first + 1, column)
end

-- The part of the suggestion that is not typed yet, and the byte where its range ends; nil if it no longer fits.
local function rest()
  local typed, text = typed_part(), item().insertText
  if not typed or not vim.startswith(text, typed) then
    return nil
  end
  return text:sub(#typed + 1), math.max(shown.first + #typed, #vim.api.nvim_get_current_line() - shown.after)
end

-- The parts of a line that are not in `after`, the text behind the cursor that it replaces, by their places there:
-- of `, h):` before `)`, these are `, h` at 0 and `:` at 1. All of it at 0 if the line does not have that text.
local function around(line, after)
  local parts, stop = {}, #line
  if after:find("[\128-\255]") then
    return { [0] = line }
  end
  for place = #after, 1, -1 do
    local at = stop
    while at > 0 and line:sub(at, at) ~= after:sub(place, place) do
      at = at - 1
    end
    if at == 0 then
      return { [0] = line }
    end
    parts[place] = line:sub(at + 1, stop)
    stop = at - 1
  end
  parts[0] = line:sub(1, stop)
  return parts
end

function M.render()
  if not shown then
    return
  elseif is_hidden() or vim.api.nvim_get_current_buf() ~= shown.buf then
    return M.clear()
  end
  vim.api.nvim_buf_clear_namespace(shown.buf, ns, 0, -1)
  local text, last = rest()
  if not text or text == "" then
    return M.clear()
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  -- Closing brackets that are already in the line are part of the suggestion, but are not shown twice.
  local after = vim.api.nvim_get_current_line():sub(column + 1, last)
  if after ~= "" and vim.endswith(text, after) then
    text, after = text:sub(1, #text - #after), ""
  end
  local lines = vim.split(text, "\n", { plain = true })
  for place, part in pairs(around(lines[1], after)) do
    vim.api.nvim_buf_set_extmark(shown.buf, ns, row - 1, column + place, {
      virt_text = { { part, "HomebodyGhost" } },
      virt_text_pos = "inline",
    })
  end
  local below = vim.tbl_map(
    function(line) return { { line == "" and " " or line, "HomebodyGhost" } } end,
    vim.list_slice(lines, 2)
  )
  vim.api.nvim_buf_set_extmark(shown.buf, ns, row - 1, column, { virt_lines = #below > 0 and below or nil })
  -- Only in the current window, if two show the buffer. Each call redraws the whole window, so call it
  -- rarely.
  local win = vim.api.nvim_get_current_win()
  if vim.api.nvim__ns_set and window ~= win then
    window = win
    pcall(vim.api.nvim__ns_set, ns, { wins = { win } })
  end
end

local function report(client)
  rpc.call(client, "notify", "textDocument/didShowCompletion", { item = item() })
  rpc.emit("HomebodySuggestion", { text = item().insertText, count = #shown.items })
end

-- Shows one of the items that the server has just sent.
local function show(client, buf, items, index)
  local line, one = vim.api.nvim_get_current_line(), items[index]
  shown = {
    items = items,
    index = index,
    buf = buf,
    first = rpc.byte(line, one.range.start.character),
    after = #line - rpc.byte(line, one.range["end"].character),
  }
  M.render()
  if shown then
    report(client)
  end
end

local function cancel()
  if pending then
    rpc.call(pending.client, "cancel_request", pending.id)
    pending = nil
  end
end

-- Shows a sign behind the line if the last answer was held back because the model was not sure.
function M.mark_unsure()
  local status, here = vim.g.homebody_status or {}, empty_at
  if not (config.options.unsure and here and status.hint) or vim.api.nvim_get_current_buf() ~= here[1] then
    return
  end
  local key = config.options.keys.suggest
  local sign = { { ("  ? %s"):format(key and vim.fn.keytrans(vim.keycode(key)) or ""), "HomebodyUnsure" } }
  vim.api.nvim_buf_clear_namespace(here[1], signs, 0, -1)
  vim.api.nvim_buf_set_extmark(here[1], signs, here[2], 0, { virt_text = sign, virt_text_pos = "eol" })
end

-- The items of an answer that can be shown. Lines of a buffer have no line ends, for any format of the file.
local function usable(result)
  local found = {}
  for _, one in ipairs(result and (result.items or result) or {}) do
    if one.range then
      one.insertText = one.insertText:gsub("\r\n", "\n")
      table.insert(found, one)
    end
  end
  return found
end

-- Requests suggestions at the cursor; `take` gets the client, the buffer and the items, unless the cursor moved.
-- `invoked`: the user requested them, so show up to three, even if the model's confidence is low.
local function request(invoked, take)
  local buf, client = vim.api.nvim_get_current_buf(), vim.lsp.get_clients({ bufnr = 0, name = "homebody" })[1]
  cancel()
  empty_at = nil
  vim.api.nvim_buf_clear_namespace(buf, signs, 0, -1)
  if not client or is_hidden() or built_in() then
    return M.clear()
  end
  M.render() -- a suggestion that is being typed stays on screen until the answer arrives
  local params = rpc.here()
  params.context = { triggerKind = invoked and 1 or 2 }
  local cursor = vim.api.nvim_win_get_cursor(0)
  local tick, begun = vim.api.nvim_buf_get_changedtick(buf), vim.uv.hrtime()
  local this = { client = client }
  local sent, id = rpc.call(client, "request", "textDocument/inlineCompletion", params, function(err, result)
    if pending == this then
      pending = nil
    end
    local moved = vim.api.nvim_get_current_buf() ~= buf
      or vim.api.nvim_buf_get_changedtick(buf) ~= tick
      or not vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if not (err or moved or vim.fn.mode() ~= "i" or is_hidden()) then
      local items = usable(result)
      if #items > 0 then
        M.last_ms = (vim.uv.hrtime() - begun) / 1e6
      end
      take(client, buf, items)
      if #items == 0 and not invoked then
        empty_at = { buf, cursor[1] - 1 }
        M.mark_unsure()
      end
    end
  end, buf)
  this.id, pending = id, sent and this or nil
end

local function replace(client, buf, items)
  if #items > 0 or shown then
    M.clear()
  end
  if #items > 0 then
    show(client, buf, items, 1)
  end
end

-- After each key: only where suggestions are on, and not while a macro runs.
function M.typed()
  if config.is_auto(vim.api.nvim_get_current_buf()) and vim.fn.reg_executing() == "" then
    request(false, replace)
  else
    M.clear()
  end
end

-- The server has a suggestion where its last answer was empty.
function M.found(place)
  local here = rpc.here()
  local is_here = here.textDocument.uri == place.textDocument.uri and vim.deep_equal(here.position, place.position)
  if empty_at and is_here and vim.fn.mode() == "i" then
    request(false, replace)
  end
end

-- After a completion menu has closed; the cursor may not have moved.
function M.menu_closed()
  vim.schedule(function()
    if vim.fn.mode() == "i" and not is_hidden() then
      M.typed()
    end
  end)
end

-- Requests suggestions when the user asks for them.
function M.suggest()
  local own = built_in()
  if own then
    return own.get()
  end
  request(true, function(client, buf, items)
    replace(client, buf, items)
    if #items == 0 then
      local status = vim.g.homebody_status or {}
      local is_off = status.kind == "Error" or status.kind == "Inactive"
      messages.say(is_off and status.message or "the model has nothing to suggest here")
    end
  end)
end

-- Whether a suggestion is on screen.
function M.is_shown() return shown ~= nil and not is_hidden() and rest() ~= nil end

-- Whether an answer is awaited that may become a suggestion.
function M.is_asking() return pending ~= nil and vim.fn.mode() == "i" end

-- Index of the next suggestion, in the direction of `step`, that continues what is typed.
local function next_index(step)
  local typed = typed_part() or ""
  for distance = 1, #shown.items do
    local other = (shown.index - 1 + step * distance) % #shown.items + 1
    if vim.startswith(shown.items[other].insertText, typed) then
      return other
    end
  end
  return shown.index
end

-- Shows another one of the suggestions.
local function turn(client, step)
  if not M.is_shown() then
    return
  end
  local before = item()
  shown.index = next_index(step)
  -- Suggestions may replace different numbers of closing brackets after the cursor.
  shown.after = shown.after + before.range["end"].character - item().range["end"].character
  M.render()
  if shown then
    report(client)
  end
end

-- Returns a function that shows another suggestion; if the server sent only one, it requests more first.
function M.cycle(step)
  local own = built_in()
  if own then
    return function() own.select({ count = step }) end
  elseif not M.is_shown() then
    return nil
  end
  local remaining, count = rest(), #shown.items
  return function()
    local here = rpc.client()
    if here and count > 1 then
      return turn(here, step)
    end
    request(true, function(client, buf, items)
      local column = vim.api.nvim_win_get_cursor(0)[2]
      local found = {}
      for _, one in ipairs(items) do
        local line = vim.api.nvim_get_current_line()
        local current = line:sub(rpc.byte(line, one.range.start.character) + 1, column) .. remaining
        if #found == 0 then
          table.insert(found, vim.tbl_extend("force", one, { insertText = current }))
        end
        if one.insertText ~= current then
          table.insert(found, one)
        end
      end
      if #found < 2 then
        return messages.say("there is no other suggestion here")
      end
      show(client, buf, found, step % #found + 1)
    end)
  end
end

-- Cancels the request in flight; returns a function that hides the suggestion, nil if none is shown.
function M.dismiss()
  local was = M.is_shown()
  cancel()
  M.clear()
  return was and M.clear or nil
end

-- The first word of a text, with the blanks and line ends before it; its first line.
local PARTS = {
  word = function(text) return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%s%w_]+") or text end,
  line = function(text) return text:match("^\n*[^\n]*") end,
}

local function insert(buf, row, column, last, text)
  -- Start an undo step: undoing this one leaves what was typed before.
  vim.cmd("let &g:undolevels = &g:undolevels")
  local lines = vim.split(text, "\n", { plain = true })
  vim.api.nvim_buf_set_text(buf, row, column, row, last, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and column or 0) + #lines[#lines] })
end

-- Returns a function that accepts the suggestion; nil if none is shown.
function M.accept()
  local own = built_in()
  if own then
    return own.get() and function() end or nil
  elseif not M.is_shown() then
    return nil
  end
  local taken, one, _, last = shown, item(), rest()
  return function()
    M.clear()
    insert(taken.buf, one.range.start.line, taken.first, last, one.insertText)
    local client = rpc.client(taken.buf)
    if client and one.command then
      rpc.execute(client, one.command.command, one.command.arguments[1], function() end)
    end
    rpc.emit("HomebodyAccepted", { text = one.insertText })
  end
end

-- Returns a function that accepts a word or a line of it, after which the rest stays on screen; nil if none is shown.
function M.accept_part(kind)
  if not M.is_shown() then
    return nil
  end
  local taken, one, text = shown, item(), (rest())
  local part = PARTS[kind](text)
  if #part >= #text then
    return M.accept()
  end
  return function()
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    insert(taken.buf, row - 1, column, column, part)
    local client = rpc.client(taken.buf)
    local accepted = one.insertText:sub(1, #one.insertText - #text + #part)
    if client then
      local params = { item = one, acceptedLength = rpc.units(accepted) }
      rpc.call(client, "notify", "textDocument/didPartiallyAcceptCompletion", params)
    end
    M.typed()
  end
end

return M
