-- Homebody in Neovim 0.10 and newer: starts the server for each file, and shows what it says.
-- Everything that thinks is in the server.

local config = require("homebody.config")
local ghost = require("homebody.ghost")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}

-- Each accepts or changes what is on screen, and says whether there was something.
M.accept = ghost.accept
function M.accept_word() return ghost.accept_part("word") end
function M.accept_line() return ghost.accept_part("line") end
function M.next() return ghost.cycle(1) end
function M.previous() return ghost.cycle(-1) end
M.dismiss = ghost.dismiss
function M.suggest()
  vim.schedule(ghost.suggest)
  return true
end

-- As :Homebody NAME WORDS does it; lines count from 1.
local function command(name)
  return function(words, first, last)
    local opts = { args = vim.trim(name .. " " .. (words or "")), range = first and 2 or 0, line1 = first, line2 = last or first }
    require("homebody.commands").run(opts)
  end
end
M.explain, M.ask, M.refactor, M.action = command("explain"), command("ask"), command("refactor"), command("action")
M.toggle, M.prompt, M.stop, M.doctor = command("toggle"), command("prompt"), command("stop"), command("doctor")

-- The state in one sentence.
function M.status()
  local status = vim.g.homebody_status
  if not status then
    return "the server does not run; :Homebody restart starts it"
  end
  local model = status.model and ("%s (%s)"):format(status.model, status.backend) or "no model"
  local words = status.message ~= "" and status.message or (status.busy and "working" or "ready")
  local off = config.is_auto(vim.api.nvim_get_current_buf()) and "" or "; suggestions are off here"
  return ("%s: %s%s"):format(model, words, off)
end

-- For a status line: short, and empty where there is no server.
function M.statusline()
  local status = vim.g.homebody_status
  if not status then
    return ""
  end
  local mark = status.kind == "Error" and "✗" or status.kind == "Warning" and "!" or status.busy and "…" or "✓"
  return ("homebody %s"):format(config.is_auto(vim.api.nvim_get_current_buf()) and mark or "off")
end

local function focus(buf)
  local client = vim.lsp.get_clients({ bufnr = buf, name = "homebody" })[1]
  if client then
    local here = rpc.here()
    rpc.call(client, "notify", "textDocument/didFocus", here)
  end
end

-- Makes a key act on the suggestion, or do what it did before where there is none.
local function map(key, act, description)
  local before = vim.fn.maparg(key, "i", false, true)
  vim.keymap.set("i", key, function()
    if act() then
      return ""
    elseif before.callback then
      local keys = before.callback()
      return before.expr == 1 and keys or ""
    elseif before.rhs then
      return before.expr == 1 and vim.api.nvim_eval(before.rhs) or before.rhs
    end
    return key
  end, { expr = true, desc = description })
end

-- Ghost text has to look like none of the code, with and without true colours.
local function highlight()
  local comment = vim.api.nvim_get_hl(0, { name = "Comment", link = false })
  vim.api.nvim_set_hl(0, "HomebodyGhost", {
    fg = comment.fg,
    ctermfg = comment.ctermfg or 8,
    italic = true,
    cterm = { italic = true },
    default = true,
  })
end

local ACTS = {
  accept = "Accept Homebody's suggestion",
  accept_word = "Accept the next word of Homebody's suggestion",
  accept_line = "Accept the next line of Homebody's suggestion",
  next = "Show Homebody's next suggestion",
  previous = "Show Homebody's previous suggestion",
  dismiss = "Dismiss Homebody's suggestion",
  suggest = "Ask Homebody for suggestions",
}

function M.setup(options)
  for _, problem in ipairs(config.set(options)) do
    vim.schedule(function() rpc.say(problem, vim.log.levels.WARN) end)
  end
  M.options = config.options
  vim.cmd.runtime("plugin/homebody.lua") -- where the runtime path was extended after the start
  highlight()
  local group = vim.api.nvim_create_augroup("homebody", {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  on("ColorScheme", highlight)
  on("FileType", function(event) server.start(event.buf) end)
  on({ "BufEnter", "CursorHold" }, function(event) focus(event.buf) end)
  on("LspAttach", function(event)
    if event.buf == vim.api.nvim_get_current_buf() then
      focus(event.buf)
    end
  end)
  on({ "InsertEnter", "TextChangedI" }, ghost.typed)
  on("CursorMovedI", ghost.render)
  on({ "InsertLeave", "BufLeave", "TextChangedP", "CompleteChanged" }, ghost.clear)
  vim.api.nvim_create_autocmd("User", { group = group, pattern = { "BlinkCmpMenuOpen", "CmpMenuOpen" }, callback = ghost.clear })
  for act, description in pairs(ACTS) do
    if config.options.keys[act] then
      map(config.options.keys[act], M[act], description)
    end
  end
  server.start(vim.api.nvim_get_current_buf())
end

return M
