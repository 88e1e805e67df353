-- Homebody in Neovim 0.10 and 0.11: starts the server for each file, and shows what it says.
-- Everything that thinks is in the server.

local commands = require("homebody.commands")
local ghost = require("homebody.ghost")
local rpc = require("homebody.rpc")

local M = {}

M.options = {
  cmd = { "homebody", "lsp" },
  settings = {}, -- docs/settings.md, in camel case: { completion = { maxTokens = 64 } }
  filetypes = nil, -- a list; nil: all
  accept = "<Tab>", -- false: no key; see `accept`
}

-- Takes the suggestion on screen; says whether there was one.
M.accept = ghost.accept

local handlers = {
  ["$/progress"] = function(err, params, ...)
    local take = params and commands.streams[params.token]
    if take then
      return take(params.value.text or "")
    end
    return vim.lsp.handlers["$/progress"](err, params, ...)
  end,
  ["homebody/didChangeStatus"] = function(_, status)
    vim.g.homebody_status = status
  end,
}

local function start(buf)
  local wanted = M.options.filetypes
  if vim.bo[buf].buftype ~= "" or (wanted and not vim.list_contains(wanted, vim.bo[buf].filetype)) then
    return
  end
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.general.positionEncodings = { rpc.encoding }
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  vim.lsp.start({
    name = "homebody",
    cmd = M.options.cmd,
    root_dir = vim.fs.root(buf, { ".homebody.toml", ".git" }) or vim.fn.getcwd(),
    capabilities = capabilities,
    init_options = vim.tbl_isempty(M.options.settings) and vim.empty_dict() or M.options.settings,
    handlers = handlers,
  }, { bufnr = buf })
end

local function focus(buf)
  local client = rpc.client(buf)
  if client then
    local here = vim.lsp.util.make_position_params(0, rpc.encoding)
    rpc.call(client, "notify", "textDocument/didFocus", here)
  end
end

-- Takes a suggestion, or does what the key did before.
local function map_accept(key)
  local before = vim.fn.maparg(key, "i", false, true)
  vim.keymap.set("i", key, function()
    if ghost.accept() then
      return ""
    elseif before.callback then
      local keys = before.callback()
      return before.expr == 1 and keys or ""
    elseif before.rhs then
      return before.expr == 1 and vim.api.nvim_eval(before.rhs) or before.rhs
    end
    return key
  end, { expr = true, desc = "Take Homebody's suggestion" })
end

function M.setup(options)
  M.options = vim.tbl_deep_extend("force", M.options, options or {})
  local cmd = M.options.cmd[1]
  if vim.fn.executable(cmd) == 0 then
    local advice = "homebody: there is no %s; install it with pip, or set `cmd` to where it is"
    return vim.notify(advice:format(cmd), vim.log.levels.ERROR)
  end
  vim.api.nvim_set_hl(0, "HomebodyGhost", { link = "Comment", default = true })
  local group = vim.api.nvim_create_augroup("homebody", {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  on("FileType", function(event) start(event.buf) end)
  on({ "BufEnter", "CursorHold" }, function(event) focus(event.buf) end)
  on("LspAttach", function(event)
    if event.buf == vim.api.nvim_get_current_buf() then
      focus(event.buf)
    end
  end)
  on({ "InsertEnter", "TextChangedI" }, function() ghost.suggest() end)
  on("CursorMovedI", function() ghost.render() end)
  on({ "InsertLeave", "BufLeave", "TextChangedP" }, function() ghost.clear() end)
  if M.options.accept then
    map_accept(M.options.accept)
  end
  vim.api.nvim_create_user_command("Homebody", commands.run, {
    nargs = "+",
    range = true,
    complete = function() return { "explain", "refactor" } end,
  })
  start(vim.api.nvim_get_current_buf())
end

return M
