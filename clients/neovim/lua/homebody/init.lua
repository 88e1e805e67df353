-- Homebody in Neovim 0.10 and newer: starts the server, and shows its results.
-- The logic of the features is in the server.

local config = require("homebody.config")
local ghost = require("homebody.ghost")
local menus = require("homebody.menus")
local messages = require("homebody.messages")
local next_edit = require("homebody.next_edit")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}

-- What the keys do: each returns a function that does it, or nil if there is nothing on screen to act on.
local acts = {
  accept = function() return ghost.accept() or next_edit.accept() end,
  accept_word = function() return ghost.accept_part("word") end,
  accept_line = function() return ghost.accept_part("line") end,
  next = function() return ghost.cycle(1) end,
  previous = function() return ghost.cycle(-1) end,
  dismiss = function() return ghost.dismiss() or next_edit.reject() end,
  reject = next_edit.reject,
  suggest = function() return ghost.suggest end,
  review = require("homebody.preview").review,
}
local due -- what the key that was pressed has to do

-- Does one of them, before the keys behind it; without a name, what is due.
function M.run(name)
  local act = name and acts[name]() or due
  due = nil
  if act then
    act()
  end
end

-- The same for Lua, also where the text is locked; these return whether there was something to act on.
for name, act in pairs(acts) do
  M[name] = function()
    local run = act()
    if run then
      vim.schedule(run)
    end
    return run ~= nil
  end
end

-- These do the same as `:Homebody NAME WORDS`; lines count from 1.
local function command(name)
  return function(words, first, last)
    local opts =
      { args = vim.trim(name .. " " .. (words or "")), range = first and 2 or 0, line1 = first, line2 = last or first }
    require("homebody.commands").run(opts)
  end
end
M.explain, M.ask, M.refactor, M.action = command("explain"), command("ask"), command("refactor"), command("action")
M.toggle, M.prompt, M.log, M.doctor = command("toggle"), command("prompt"), command("log"), command("doctor")
M.stop, M.attach, M.restart = command("stop"), command("attach"), command("restart")
M.commit, M.model = command("commit"), command("model")

-- The state in one sentence.
function M.status()
  local status = vim.g.homebody_status
  if not status then
    return server.is_starting() and "the server is starting" or "the server is not running; :Homebody restart starts it"
  end
  local model = status.model and ("%s (%s): "):format(status.model, status.backend) or ""
  local words = status.message ~= "" and status.message
    or (status.busy and "working" or model ~= "" and "ready" or "no model")
  local off = config.is_auto(vim.api.nvim_get_current_buf()) and "" or "; suggestions are off here"
  return model .. words .. off
end

-- A short text for a status line; empty if no server is running.
function M.statusline()
  local status = vim.g.homebody_status
  if not status then
    return ""
  end
  local mark = status.kind == "Inactive" and "off"
    or status.kind == "Error" and "✗"
    or status.kind == "Warning" and "!"
    or (status.busy or not status.model) and "…"
    or "✓"
  local time = config.options.times and ghost.last_ms and (" %d ms"):format(math.floor(ghost.last_ms + 0.5)) or ""
  return ("homebody %s%s"):format(config.is_auto(vim.api.nvim_get_current_buf()) and mark or "off", time)
end

local function focus(buf)
  local client = vim.lsp.get_clients({ bufnr = buf, name = "homebody" })[1]
  if client then
    local here = rpc.here()
    rpc.call(client, "notify", "textDocument/didFocus", here)
  end
end

local mapped = {} -- for each key of the plugin: its mapping before setup()

-- Runs the previous mapping of a key; returns the keys to type instead of it.
local function fall_back(key, before)
  if before.callback then
    local keys = before.callback()
    return before.expr == 1 and keys or ""
  elseif not before.rhs then
    return key
  end
  local rhs = before.rhs:gsub("<[Ss][Ii][Dd]>", ("<SNR>%d_"):format(before.sid or 0))
  local keys = before.expr == 1 and vim.api.nvim_eval(rhs) or rhs
  if before.noremap == 1 then
    return keys
  end
  -- A mapping to another mapping, such as <Plug>(…): an expression alone would not be mapped again.
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, true, true), "im", false)
  return ""
end

-- Makes a key act on the suggestion or the change; without one, the key does what it did before.
local function map(mode, key, act, description)
  local current = vim.fn.maparg(key, mode, false, true)
  local name = mode .. key
  if current.desc ~= description then
    mapped[name] = current
  end
  local before = mapped[name]
  -- An expression must not change the text; what is scheduled would come after the keys that are typed already.
  local function run()
    due = act()
    return due and "<Cmd>lua require('homebody').run()<CR>" or fall_back(key, before)
  end
  vim.keymap.set(mode, key, run, { expr = true, desc = description })
end

-- Ghost text must look different from code, with and without true colours.
local function highlight()
  local comment = vim.api.nvim_get_hl(0, { name = "Comment", link = false })
  vim.api.nvim_set_hl(0, "HomebodyGhost", {
    fg = comment.fg,
    ctermfg = comment.ctermfg or 8,
    italic = true,
    cterm = { italic = true },
    default = true,
  })
  for name, link in pairs({ HomebodyUnsure = "NonText", HomebodyAdded = "DiffAdd", HomebodyRemoved = "DiffDelete" }) do
    vim.api.nvim_set_hl(0, name, { link = link, default = true })
  end
end

function M.setup(options)
  for _, problem in ipairs(config.set(options)) do
    vim.schedule(function() messages.say(problem, vim.log.levels.WARN) end)
  end
  M.options = config.options
  vim.cmd.runtime("plugin/homebody.lua") -- not loaded yet if the runtime path was extended after the start
  highlight()
  local group = vim.api.nvim_create_augroup("homebody", {})
  local function on(events, callback) vim.api.nvim_create_autocmd(events, { group = group, callback = callback }) end
  on("ColorScheme", highlight)
  on("FileType", function(event) server.start(event.buf) end)
  on("BufNew", function(event) server.named(event.buf) end) -- :write NAME, too
  on({ "BufEnter", "CursorHold" }, function(event) focus(event.buf) end)
  on("LspAttach", function(event)
    if event.buf == vim.api.nvim_get_current_buf() then
      focus(event.buf)
      -- Keys that came before the server could not be answered.
      if vim.fn.mode() == "i" then
        ghost.typed()
      end
    end
  end)
  local function menu_opened()
    next_edit.clear()
    if not config.options.beside_menu then
      ghost.clear()
    end
  end
  on("InsertEnter", function() menus.hook_cmp(menu_opened, ghost.menu_closed) end)
  on({ "InsertEnter", "TextChangedI" }, function()
    if not next_edit.is_followed() then
      ghost.typed()
    end
  end)
  on("CompleteDone", ghost.menu_closed)
  on("CursorMovedI", ghost.render)
  on({ "InsertLeave", "BufLeave" }, ghost.clear)
  on({ "TextChangedP", "CompleteChanged" }, function(event)
    if not config.options.beside_menu then
      ghost.clear()
    elseif event.event == "TextChangedP" then
      ghost.typed()
    end
  end)
  local function on_user(pattern, callback)
    vim.api.nvim_create_autocmd("User", { group = group, pattern = pattern, callback = callback })
  end
  on_user("BlinkCmpMenuOpen", menu_opened)
  on_user("BlinkCmpMenuClose", ghost.menu_closed)
  on_user("HomebodyStatus", ghost.mark_unsure)
  if config.options.next_edit then
    next_edit.setup(on)
    on_user("HomebodySuggestion", next_edit.clear)
  end
  for name, act in pairs(config.acts) do
    local key = config.options.keys[name]
    for _, mode in ipairs(key and act.modes or {}) do
      if mode == "i" or name == "review" or config.options.next_edit then
        map(mode, key, acts[name], act.desc)
      end
    end
  end
  server.start(vim.api.nvim_get_current_buf())
end

return M
