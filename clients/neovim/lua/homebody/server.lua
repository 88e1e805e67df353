-- The server's life: one for each workspace, started with the first file, started again after a crash.

local config = require("homebody.config")
local rpc = require("homebody.rpc")

local M = {}

local MOST_RESTARTS, WITHIN_SECONDS = 5, 180
local crashes = {} -- times, in seconds
local missing -- the program that was not found, once it was said

local handlers = {
  ["$/progress"] = rpc.progress,
  ["homebody/didChangeStatus"] = function(_, status)
    vim.g.homebody_status = status
    rpc.emit("HomebodyStatus", status)
  end,
}

-- Configuration of the client, for vim.lsp.start and for vim.lsp.enable.
function M.config()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.general.positionEncodings = { rpc.encoding }
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  -- With versions and annotations, the server says which edits only add something.
  local edits = capabilities.workspace.workspaceEdit or {}
  capabilities.workspace.workspaceEdit = vim.tbl_extend("force", edits, {
    documentChanges = true,
    changeAnnotationSupport = { groupsOnLabel = false },
  })
  local settings = config.options.settings
  return {
    name = "homebody",
    cmd = config.options.cmd,
    filetypes = config.options.filetypes,
    root_markers = { ".homebody.toml", ".git" },
    capabilities = capabilities,
    init_options = vim.tbl_isempty(settings) and vim.empty_dict() or settings,
    handlers = handlers,
    on_exit = M.on_exit,
  }
end

-- Starts the server for a buffer, where it is a file that is served.
function M.start(buf)
  local wanted = config.options.filetypes
  if not vim.api.nvim_buf_is_valid(buf) or vim.bo[buf].buftype ~= "" then
    return
  elseif wanted and not vim.list_contains(wanted, vim.bo[buf].filetype) then
    return
  elseif not M.is_installed() then
    return
  end
  local settings = M.config()
  settings.root_dir = vim.fs.root(buf, settings.root_markers) or vim.fn.getcwd()
  vim.lsp.start(settings, { bufnr = buf })
end

-- Whether the program is there; says so once where it is not.
function M.is_installed()
  local program = config.options.cmd[1]
  if vim.fn.executable(program) == 1 then
    return true
  end
  if missing ~= program then
    missing = program
    vim.schedule(function() rpc.say(M.advice(), vim.log.levels.ERROR) end)
  end
  return false
end

function M.advice()
  return ("there is no program `%s`: install Homebody, or set `cmd`; see :checkhealth homebody"):format(config.options.cmd[1])
end

-- A server that ended without being asked to is started again, up to five times in three minutes.
function M.on_exit(code, signal, id)
  vim.schedule(function()
    vim.g.homebody_status = nil
    local client = vim.lsp.get_client_by_id(id)
    if vim.v.exiting ~= vim.NIL or (code == 0 and signal == 0) or (client and client.homebody_stopped) then
      return
    end
    local now = os.time()
    crashes = vim.tbl_filter(function(time) return now - time < WITHIN_SECONDS end, crashes)
    table.insert(crashes, now)
    if #crashes > MOST_RESTARTS then
      return rpc.say("the server ended again and stays off; :Homebody restart starts it, :Homebody log says why", vim.log.levels.ERROR)
    end
    rpc.say("the server ended and is started again", vim.log.levels.WARN)
    M.start_all()
  end)
end

-- Starts it for all files that are open.
function M.start_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].filetype ~= "" then
      M.start(buf)
    end
  end
end

function M.restart()
  crashes, missing = {}, nil
  for _, client in ipairs(vim.lsp.get_clients({ name = "homebody" })) do
    client.homebody_stopped = true
    rpc.call(client, "stop", true)
  end
  vim.defer_fn(M.start_all, 200)
end

-- A client that answers; without one, what to do is said.
function M.need(buf)
  local client = rpc.client(buf)
  if client then
    return client
  elseif not M.is_installed() then
    rpc.say(M.advice(), vim.log.levels.ERROR)
  else
    rpc.say("the server does not run for this file; :Homebody restart starts it", vim.log.levels.WARN)
  end
end

return M
