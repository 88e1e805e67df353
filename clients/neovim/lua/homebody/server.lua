-- The server process: one for each workspace, started with the first file, restarted after a crash.

local config = require("homebody.config")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")

local M = {}

local MOST_RESTARTS, WITHIN_SECONDS = 5, 180
local is_windows = vim.fn.has("win32") == 1
local crashes = {} -- times, in seconds
local missing -- the program that was not found, once that was reported
local started -- id of the client that was started last
local stopped = {} -- ids of clients that :Homebody restart has stopped

-- Neovim's own handlers would wait for a key, or for a number, and take what the user types meanwhile.
local function show_message(_, params)
  messages.say(params.message, vim.log.levels.ERROR + vim.lsp.protocol.MessageType.Error - params.type)
  return vim.NIL
end

local function set_status(status)
  vim.g.homebody_status = status
  rpc.emit("HomebodyStatus", status)
  vim.cmd.redrawstatus({ bang = true })
end

local handlers = {
  ["$/progress"] = rpc.progress,
  ["window/showMessage"] = show_message,
  ["window/showMessageRequest"] = show_message,
  ["homebody/didChangeStatus"] = function(_, status) set_status(status) end,
  ["homebody/didFindSuggestion"] = function(_, place) require("homebody.ghost").found(place) end,
}

-- Code actions that Neovim itself runs (vim.lsp.buf.code_action, the key gra). Their results are shown in the
-- plugin's window or as a proposal. Otherwise, explanations would open in a temporary file, and edits would
-- be applied.
local commands = {
  ["homebody.refactor"] = function(command, context)
    require("homebody.refactor").start(context.bufnr, { title = command.title, command = command })
  end,
  ["homebody.explain"] = function(command, context)
    require("homebody.talk").explain(context.bufnr, command.arguments[1].range, command.arguments[1])
  end,
}

-- Configuration of the client, for vim.lsp.start and for vim.lsp.enable.
function M.config()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.general.positionEncodings = { rpc.encoding }
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  local settings = config.options.settings
  local is_crash = false
  return {
    name = "homebody",
    cmd = function(dispatchers)
      -- Neovim would report a crash in two lines, which wait for a key.
      local function on_exit(code, signal)
        is_crash = code ~= 0 or signal ~= 0
        dispatchers.on_exit(0, 0)
      end
      local cmd = vim.list_extend({ M.program() }, config.options.cmd, 2)
      return vim.lsp.rpc.start(cmd, vim.tbl_extend("force", dispatchers, { on_exit = on_exit }))
    end,
    filetypes = config.options.filetypes,
    root_markers = { ".homebody.toml", ".git" },
    capabilities = capabilities,
    init_options = vim.tbl_isempty(settings) and vim.empty_dict() or settings,
    handlers = handlers,
    commands = commands,
    on_exit = function(_, _, id) M.ended(id, is_crash) end,
  }
end

-- Starts the server for a buffer, if it is a file of a served filetype.
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
  started = vim.lsp.start(settings, { bufnr = buf })
end

-- Opens a buffer that has got its first name at its servers, under that name.
function M.named(buf)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = buf, name = "homebody" })) do
    vim.lsp.buf_detach_client(buf, client.id)
    M.start(buf)
  end
end

-- Full path of the program, or nil. A relative path, and a relative folder of the PATH, would be one of the project.
function M.program()
  local name = config.options.cmd[1]
  local candidates = { name }
  if not name:find("[/\\]") then
    local folders = vim.split(vim.env.PATH or "", is_windows and ";" or ":", { plain = true })
    candidates = vim.tbl_map(function(folder) return folder .. "/" .. name end, folders)
  end
  for _, path in ipairs(candidates) do
    if path:find(is_windows and "^%a:[/\\]" or "^/") and vim.fn.executable(path) == 1 then
      return vim.fn.exepath(path)
    end
  end
end

-- Whether the program exists; if not, reports it once.
function M.is_installed()
  local program = config.options.cmd[1]
  if M.program() then
    return true
  end
  if missing ~= program then
    missing = program
    vim.schedule(function() messages.say(M.advice(), vim.log.levels.ERROR) end)
  end
  return false
end

-- Whether a server was started and has not ended.
function M.is_starting() return started ~= nil and vim.lsp.get_client_by_id(started) ~= nil end

function M.advice()
  return ("there is no program `%s`: install Homebody, or set `cmd`; see :checkhealth homebody"):format(
    config.options.cmd[1]
  )
end

-- Calls `done` once Neovim has removed a client that has ended: until then, Neovim would reuse it.
local function when_gone(id, done)
  if vim.lsp.get_client_by_id(id) then
    return vim.defer_fn(function() when_gone(id, done) end, 10)
  end
  done()
end

-- Restarts a server that ended unexpectedly, up to five times in three minutes.
function M.ended(id, is_crash)
  local was_stopped = stopped[id]
  stopped[id] = nil
  vim.schedule(function()
    set_status(nil)
    rpc.end_commands(id)
    if vim.v.exiting ~= vim.NIL then
      return
    elseif was_stopped then
      return when_gone(id, M.start_all)
    elseif not is_crash then
      return
    end
    local now = os.time()
    crashes = vim.tbl_filter(function(time) return now - time < WITHIN_SECONDS end, crashes)
    table.insert(crashes, now)
    if #crashes > MOST_RESTARTS then
      return messages.say(
        "the server ended again and is not restarted; :Homebody restart starts it, :Homebody log shows why",
        vim.log.levels.ERROR
      )
    end
    messages.say("the server ended unexpectedly and is restarted", vim.log.levels.WARN)
    when_gone(id, M.start_all)
  end)
end

-- Starts the server for all open files.
function M.start_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].filetype ~= "" then
      M.start(buf)
    end
  end
end

function M.restart()
  crashes, missing = {}, nil
  local clients = vim.lsp.get_clients({ name = "homebody" })
  for _, client in ipairs(clients) do
    stopped[client.id] = true
    rpc.call(client, "stop", true)
  end
  if #clients == 0 then
    M.start_all()
  end
end

-- Returns a running client; without one, reports what to do. Buffer 0 is for commands about no text.
function M.need(buf)
  local client = rpc.client(buf)
  if buf ~= 0 and vim.bo[buf].buftype == "" and vim.api.nvim_buf_get_name(buf) == "" then
    messages.say("this text has no file name, so it is unknown which rules apply; save it first", vim.log.levels.WARN)
  elseif client then
    return client
  elseif not M.is_installed() then
    messages.say(M.advice(), vim.log.levels.ERROR)
  elseif M.is_starting() then
    messages.say("the server is starting; try again in a moment")
  else
    messages.say("the server is not running for this file; :Homebody restart starts it", vim.log.levels.WARN)
  end
end

-- Runs a command of the server as `rpc.execute` does; without a server, reports what to do.
function M.execute(buf, ...)
  local client = M.need(buf)
  return client and rpc.execute(client, ...)
end

return M
