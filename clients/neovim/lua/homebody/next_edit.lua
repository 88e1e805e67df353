-- Next edits: after a change, shows the one that the server suggests; a key goes to it, and then applies it.

local config = require("homebody.config")
local ghost = require("homebody.ghost")
local lines = require("homebody.next_edit_lines")
local menus = require("homebody.menus")
local rpc = require("homebody.rpc")

local M = {}
local ns = vim.api.nvim_create_namespace("homebody-next-edit")
local CLICK = vim.keycode("<LeftMouse>")
local NEAR = 2 -- an edit at most this many lines from the cursor is applied without going there
local GHOST_MS = 50 -- how often an edit looks whether the answer for ghost text has arrived
local shown -- on screen: what `lines.read` returns, its client, command and version, and the buffer that was in view
local asked = 0 -- number of the newest request
local pending -- the request in flight: its client and id

function M.clear()
  for _, buf in ipairs(shown and { shown.buf, shown.from } or {}) do
    pcall(vim.api.nvim_buf_clear_namespace, buf, ns, 0, -1)
  end
  shown = nil
end

-- Whether the text is still the one that the edit was made for.
local function fits(edit)
  return vim.api.nvim_buf_is_valid(edit.buf) and vim.lsp.util.buf_versions[edit.buf] == edit.version
end

-- Whether the edit that is shown still fits; if a part of it was typed, what is left of it is shown.
local function keeps()
  if fits(shown) or vim.api.nvim_get_current_buf() ~= shown.buf then
    return fits(shown)
  end
  local left = lines.rest(shown, vim.api.nvim_buf_get_lines(shown.buf, 0, -1, false))
  local version = vim.lsp.util.buf_versions[shown.buf]
  if left and #left.old + #left.new > 0 then
    shown = vim.tbl_extend("force", shown, left, { version = version, is_followed = true })
  end
  return fits(shown)
end

-- Whether nothing else uses the key, or is shown in the same place.
local function is_free() return not (ghost.is_shown() or menus.is_open() or vim.snippet.active()) end

-- Whether the cursor is at the edit, and the edit is in view.
local function is_here(edit)
  local row, last = vim.api.nvim_win_get_cursor(0)[1] - 1, edit.row + math.max(#edit.old - 1, 0)
  local is_near = row >= edit.row - NEAR and row <= last + NEAR
  local is_in_view = vim.fn.line("w0") <= edit.row + 1 and vim.fn.line("w$") >= edit.row
  return vim.api.nvim_get_current_buf() == edit.buf and edit.is_open and is_near and is_in_view
end

-- The line in view, the nearest to the cursor, behind which a text of some width can be seen; else the cursor's.
local function line_with_room(width)
  local info, here = vim.fn.getwininfo(vim.api.nvim_get_current_win())[1], vim.fn.line(".")
  for distance = 0, info.height do
    for _, line in ipairs({ here + distance, here - distance }) do
      local is_in_view = line >= info.topline and line <= info.botline
      if is_in_view and vim.fn.virtcol({ line, "$" }) - 1 + width <= info.width - info.textoff then
        return line
      end
    end
  end
  return here
end

-- Draws the edit, and at the cursor where it is; called again when the cursor moved.
function M.render()
  if not shown then
    return
  elseif not (keeps() and is_free()) then
    return M.clear()
  end
  for _, buf in ipairs({ shown.buf, shown.from }) do
    vim.api.nvim_buf_clear_namespace(buf, ns, 0, -1)
  end
  if shown.is_open then
    lines.draw(shown, ns)
  else
    local row = math.min(shown.row, vim.api.nvim_buf_line_count(shown.buf) - 1)
    vim.api.nvim_buf_set_extmark(shown.buf, ns, row, 0, { sign_text = "→", sign_hl_group = "HomebodyUnsure" })
  end
  if is_here(shown) then
    return
  end
  local key, buf = config.options.keys.accept, vim.api.nvim_get_current_buf()
  local file = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(shown.buf), ":t")
  local place = buf == shown.buf and ("to line %d"):format(shown.row + 1) or ("go to %s:%d"):format(file, shown.row + 1)
  local label = ("  %s %s"):format(key and vim.fn.keytrans(vim.keycode(key)) or "→", place)
  local row = line_with_room(vim.fn.strdisplaywidth(label) + 1) - 1
  vim.api.nvim_buf_set_extmark(buf, ns, row, 0, { virt_text = { { label, "HomebodyUnsure" } }, virt_text_pos = "eol" })
end

-- Shows what the server suggests for the buffer in view.
function M.show(client, edit)
  if shown and vim.deep_equal(shown.command, edit.command) then
    return
  end
  M.clear()
  local next = {
    client = client,
    command = edit.command,
    version = edit.textDocument.version,
    buf = vim.uri_to_bufnr(edit.textDocument.uri),
    from = vim.api.nvim_get_current_buf(),
    is_open = edit.show ~= "hint", -- whether its text is shown, and not only where it is
  }
  local is_selecting = vim.fn.mode():find("[vVsS\22\19]") ~= nil
  local is_fixed = vim.bo[next.buf].readonly or not vim.bo[next.buf].modifiable
  if is_selecting or is_fixed or not (fits(next) and is_free()) then
    return
  end
  shown = vim.tbl_extend("error", next, lines.read(next.buf, edit))
  M.render()
  rpc.call(client, "notify", "textDocument/didShowInlineEdit", { item = { command = next.command } })
end

-- Withdraws the request in flight: an answer that is on its way is not shown.
local function withdraw()
  asked = asked + 1
  if pending then
    rpc.call(pending.client, "cancel_request", pending.id)
    pending = nil
  end
end

function M.cancel()
  withdraw()
  M.clear()
end

-- Whether the user types what is shown: nothing else is asked for meanwhile.
function M.is_followed()
  if shown and not keeps() then
    M.clear()
  end
  return shown ~= nil and shown.is_followed
end

-- Asks for the edit that follows the last changes. The server waits for a pause; usually there is none.
function M.ask()
  local buf, client = vim.api.nvim_get_current_buf(), vim.lsp.get_clients({ bufnr = 0, name = "homebody" })[1]
  withdraw()
  if M.is_followed() or not client or vim.b.homebody_next_edit == false or vim.fn.reg_executing() ~= "" then
    return
  end
  local number = asked
  local function take(edit)
    if number ~= asked or vim.api.nvim_get_current_buf() ~= buf then
      return
    elseif not edit then
      return M.clear()
    elseif ghost.is_asking() then
      return vim.defer_fn(function() take(edit) end, GHOST_MS) -- ghost text comes first
    end
    M.show(client, edit)
  end
  local sent, id = rpc.call(client, "request", "textDocument/copilotInlineEdit", rpc.here(), function(err, result)
    if number == asked then
      pending = nil
      take(not err and result and result.edits[1])
    end
  end, buf)
  pending = sent and { client = client, id = id } or nil
end

local function set_cursor(row, column)
  vim.api.nvim_win_set_cursor(0, { math.min(row + 1, vim.api.nvim_buf_line_count(0)), column })
end

local function go(edit)
  M.clear() -- before the file is left, which ends what is shown there
  vim.cmd.mark("'")
  if vim.api.nvim_get_current_buf() ~= edit.buf then
    vim.bo[edit.buf].buflisted = true
    vim.api.nvim_win_set_buf(0, edit.buf)
  end
  set_cursor(lines.first(edit))
  vim.cmd("silent! .foldopen!")
  shown = vim.tbl_extend("force", edit, { from = edit.buf, is_open = true, is_reached = true })
  M.render()
end

local function apply(edit)
  M.clear()
  local function end_undo_step() vim.cmd("let &g:undolevels = &g:undolevels") end
  end_undo_step()
  vim.api.nvim_buf_set_lines(edit.buf, edit.row, edit.row + #edit.old, false, edit.new)
  set_cursor(lines.last(edit))
  end_undo_step()
  rpc.execute(edit.client, edit.command.command, edit.command.arguments[1], function() end)
end

-- Returns a function that goes to the edit, or applies it if the cursor is there; nil if none is shown.
function M.accept()
  local column, line = vim.api.nvim_win_get_cursor(0)[2], vim.api.nvim_get_current_line()
  local indents = vim.fn.mode() == "i" and column < #line:match("^%s*")
  if not (shown and fits(shown) and is_free()) or (indents and not shown.is_reached) then
    return nil
  end
  local edit = shown
  return function() (is_here(edit) and apply or go)(edit) end
end

-- Returns a function that ends the edit, which does not come back; nil if none is shown.
function M.reject()
  return shown
    and function()
      withdraw() -- an answer that is on its way may have the same edit
      rpc.call(shown.client, "notify", "homebody/didRejectInlineEdit", { id = shown.command.arguments[1] })
      M.clear()
    end
end

-- `on` adds an autocommand.
function M.setup(on)
  on({ "TextChanged", "TextChangedI", "InsertLeave", "FocusGained", "CompleteDone" }, M.ask)
  on({ "BufLeave", "FocusLost", "CompleteChanged", "TextChangedP" }, M.clear)
  on({ "CursorMoved", "CursorMovedI" }, M.render)
  on("ModeChanged", function(event)
    local before, now = event.match:match("^(.).*:(.)")
    if now:find("[vVsS\22\19]") then
      M.clear()
    elseif before:find("[vV\22]") then
      M.ask()
    end
  end)
  vim.on_key(function(_, typed)
    if typed == CLICK then
      vim.schedule(M.cancel)
    end
  end, ns)
end

return M
