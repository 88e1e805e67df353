-- :[RANGE]Homebody NAME [WORDS]

local config = require("homebody.config")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}

-- The range that a command is about: its lines, or the cursor.
local function place(opts)
  if opts.range > 0 then
    return rpc.lines(opts.line1, opts.line2)
  end
  local here = rpc.here().position
  return { start = here, ["end"] = here }
end

local function ask(opts, words)
  local buf, range = vim.api.nvim_get_current_buf(), place(opts)
  local function go(question) require("homebody.talk").ask(buf, question, range) end
  if words ~= "" then
    return go(words)
  end
  messages.input("Ask: ", go)
end

-- Attaches the lines of a range, or what is chosen from a list, to the next question.
local function attach(opts, query)
  local buf, talk = vim.api.nvim_get_current_buf(), require("homebody.talk")
  if opts.range > 0 and query == "" then
    return talk.attach_lines(buf, opts.line1, opts.line2)
  end
  talk.attach(buf, query)
end

local function refactor(opts, words)
  local buf, run = vim.api.nvim_get_current_buf(), require("homebody.refactor")
  if words == "" then
    run.pick(buf, place(opts))
  else
    run.instruct(buf, place(opts), words)
  end
end

-- Turns next edits on or off until Neovim ends: everywhere, in this buffer, or for its filetype.
local function toggle_next_edit(where)
  local function done(is_on, what)
    if not is_on then
      require("homebody.next_edit").cancel()
    end
    messages.say(("next edits%s are %s"):format(what, is_on and "on" or "off"))
  end
  if where == "next_edit_buffer" then
    vim.b.homebody_next_edit = vim.b.homebody_next_edit == false
    return done(vim.b.homebody_next_edit, " in this buffer")
  end
  local language = where == "next_edit_filetype" and vim.bo.filetype or nil
  server.execute(0, "homebody.toggle", { feature = "nextEdit", languageId = language }, function(result, err)
    if err then
      return messages.say(err)
    end
    done(result.enabled, language and " in " .. language or "")
  end)
end

-- Turns suggestions on or off: everywhere, in this buffer, or for its filetype.
local function toggle(_, where)
  local buf = vim.api.nvim_get_current_buf()
  local next = not config.is_auto(buf)
  if vim.startswith(where, "next_edit") then
    return toggle_next_edit(where)
  elseif where == "buffer" then
    vim.b[buf].homebody_auto = next
  elseif where == "filetype" then
    local auto = type(config.options.auto) == "table" and config.options.auto or {}
    config.options.auto = vim.tbl_extend("force", auto, { [vim.bo[buf].filetype] = next })
  else
    vim.b[buf].homebody_auto = nil
    next = vim.g.homebody_auto == false
    vim.g.homebody_auto = next
  end
  local what = where == "buffer" and " in this buffer" or where == "filetype" and " in " .. vim.bo[buf].filetype or ""
  messages.say(("suggestions%s are %s"):format(what, next and "on" or "off"))
  if not next then
    require("homebody.ghost").clear()
  end
end

local function status() messages.say(require("homebody").status()) end

-- Shows text in a window of its own, which `q` closes.
local function page(name, text, filetype)
  vim.cmd.new()
  local buf = vim.api.nvim_get_current_buf()
  vim.api.nvim_echo({ { "" } }, false, {}) -- the progress message is outdated
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(text, "\n", { plain = true }))
  vim.api.nvim_buf_set_name(buf, ("homebody://%s/%d"):format(name, buf))
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.modifiable, vim.bo.filetype = "nofile", "wipe", false, filetype
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = true, nowait = true })
end

-- Shows the text that was sent to the model last, and the files and lines it was made of.
local function prompt()
  server.execute(0, "homebody.showPrompt", vim.empty_dict(), function(shown, err)
    if not shown then
      return messages.say(err or "nothing has been sent to a model yet")
    end
    local lines = { ("Sent to %s: %d tokens, from"):format(shown.model, shown.promptTokens) }
    local function add(parts, form)
      for _, part in ipairs(parts) do
        local path, range = vim.fn.fnamemodify(vim.uri_to_fname(part.uri), ":~:."), part.range
        table.insert(lines, form:format(path, range.start.line + 1, range["end"].line, part.why, part.tokens or 0))
      end
    end
    add(shown.sources, "- %s, lines %d to %d (%s, %d tokens)")
    if #shown.leftOut > 0 then
      table.insert(lines, "Left out:")
      add(shown.leftOut, "- %s, lines %d to %d: %s")
    end
    vim.list_extend(lines, { "", ("─"):rep(60), shown.text })
    page("prompt", table.concat(lines, "\n"), "")
  end)
end

-- Stops the answer or the refactoring that is running.
local function stop()
  local talk, run = require("homebody.talk"), require("homebody.refactor")
  if not (talk.stop() or run.stop()) then
    messages.say("nothing is running")
  end
end

-- Examines models, settings and speed, with the settings that are in force for this editor.
local function doctor()
  messages.show("examining this machine …")
  server.execute(0, "homebody.doctor", vim.empty_dict(), function(report, err)
    if not report then
      return messages.say(err or "cancelled", vim.log.levels.WARN)
    end
    page("doctor", report.text, "")
  end)
end

-- Writes a message for the changes: into the buffer of `git commit`, otherwise into a window.
local function commit()
  local buf = vim.api.nvim_get_current_buf()
  local folder = vim.fs.root(buf, ".git") or vim.fn.getcwd()
  messages.show("writing a commit message …")
  server.execute(0, "homebody.commitMessage", { folder = vim.uri_from_fname(folder) }, function(result, err)
    if not result then
      return messages.say(err or "cancelled", vim.log.levels.WARN)
    elseif vim.api.nvim_buf_is_valid(buf) and vim.bo[buf].filetype == "gitcommit" then
      local lines = vim.split(vim.trim(result.message), "\n", { plain = true })
      vim.api.nvim_buf_set_lines(buf, 0, 0, false, lines)
      return messages.say(result.note ~= "" and result.note or "a commit message; u undoes it")
    end
    vim.fn.setreg('"', result.message)
    page("commit", vim.trim(result.message), "gitcommit")
    messages.say(vim.trim(result.note .. " p puts the message"))
  end)
end

-- The settings that select a model, for what it is made for.
local function selected(settings, model)
  local backend = { kind = model.kind, url = model.url or nil, model = model.model or nil }
  for name, value in pairs(backend) do
    backend[name] = value ~= vim.NIL and value or nil
  end
  local wanted = vim.deepcopy(settings)
  if #model.uses == 1 then
    local use = model.uses[1]:gsub("_(%l)", string.upper) -- next_edit: nextEdit
    wanted[use] = vim.tbl_extend("force", wanted[use] or {}, { backend = backend })
  else
    wanted.backend = vim.tbl_extend("force", wanted.backend or {}, backend)
  end
  return wanted
end

-- Lists the models that can be used on this machine; the chosen one answers until Neovim ends.
local function model()
  server.execute(0, "homebody.models", vim.empty_dict(), function(models, err)
    if not models or #models == 0 then
      return messages.say(err or "there is no model on this machine; `homebody models recommend` names one")
    end
    local function describe(each)
      local bytes = type(each.size) == "number" and each.size
      local size = not bytes and ""
        or bytes < 1e9 and (", %.0f MB"):format(bytes / 1e6)
        or (", %.1f GB"):format(bytes / 1e9)
      local sees = each.sees == true and ", sees pictures" or ""
      return ("%s  (%s%s; %s%s)"):format(each.name, each.where, size, table.concat(each.uses, ", "), sees)
    end
    vim.ui.select(models, { prompt = "Model", format_item = describe }, function(chosen)
      if not chosen then
        return
      end
      config.options.settings = selected(config.options.settings, chosen)
      server.restart()
      local lines = vim.inspect(selected({}, chosen), { newline = " ", indent = "" })
      messages.say(("%s answers from now on; to keep it: settings = %s"):format(chosen.name, lines))
    end)
  end)
end

-- Shows what the server has logged, with the newest line in view.
local function log()
  local path, program = require("vim.lsp.log").get_filename(), server.program() or ""
  local lines = {}
  for line in vim.uv.fs_stat(path) and io.lines(path) or function() end do
    -- Neovim writes the error output of all servers into one file, quoted.
    local text = line:match('"rpc"%s+(%b"")%s+"stderr"') == ('"%s"'):format(program)
      and line:match('"stderr"%s+"(.*)"$')
    if text then
      text = text:gsub("\\n", "\n"):gsub('\\"', '"')
      vim.list_extend(lines, vim.split(text, "\n", { plain = true, trimempty = true }))
    end
  end
  if #lines == 0 then
    return messages.say(("the server has logged nothing; Neovim's log is %s"):format(vim.fn.fnamemodify(path, ":~")))
  end
  page("log", table.concat(lines, "\n"), "")
  vim.cmd.normal({ "G", bang = true })
end

local function review()
  if not require("homebody").review() then
    messages.say("there is no change to review")
  end
end

local COMMANDS = {
  explain = function(opts) require("homebody.talk").explain(vim.api.nvim_get_current_buf(), place(opts)) end,
  ask = ask,
  attach = attach,
  refactor = refactor,
  action = function(opts, name) require("homebody.refactor").action(vim.api.nvim_get_current_buf(), place(opts), name) end,
  accept = function() require("homebody.preview").accept() end,
  discard = function() require("homebody.preview").discard() end,
  refine = function() require("homebody.preview").refine() end,
  stop = stop,
  toggle = toggle,
  status = status,
  prompt = prompt,
  log = log,
  doctor = doctor,
  commit = commit,
  model = model,
  review = review,
  restart = function() server.restart() end,
}

-- The arguments that a command takes; those that are not here take any words.
local WORDS = { toggle = { "buffer", "filetype", "next_edit", "next_edit_buffer", "next_edit_filetype" } }
for name in vim.gsplit("explain accept discard refine review stop status prompt log doctor commit model restart", " ") do
  WORDS[name] = {}
end

function M.run(opts)
  local name, words = vim.trim(opts.args):match("^(%S*)%s*(.*)$")
  local act = COMMANDS[name]
  if not act then
    local names = vim.tbl_keys(COMMANDS)
    table.sort(names)
    local what = name == "" and "a command is missing" or ("there is no command `%s`"):format(name)
    return messages.say(("%s: %s"):format(what, table.concat(names, ", ")), vim.log.levels.WARN)
  end
  local usable = WORDS[name]
  if usable and words ~= "" and not vim.list_contains(usable, words) then
    local hint = #usable > 0 and ("there are %s"):format(table.concat(usable, ", ")) or "it takes none"
    return messages.say(("`%s` has no argument `%s`: %s"):format(name, words, hint), vim.log.levels.WARN)
  end
  act(opts, words)
end

-- The arguments of a command that are known: those of `action` depend on the code of the range.
local function arguments(name, line)
  if name ~= "action" then
    return WORDS[name] or {}
  end
  local ok, command = pcall(vim.api.nvim_parse_cmd, line, {})
  local range = ok and command.range or {}
  local opts = { range = #range, line1 = range[1], line2 = range[#range] }
  return require("homebody.refactor").names(vim.api.nvim_get_current_buf(), place(opts))
end

function M.complete(lead, line)
  local name = line:match("Homebody%s+(%S+)%s")
  local words = name and arguments(name, line) or vim.tbl_keys(COMMANDS)
  local found = vim.tbl_filter(function(word) return vim.startswith(word, lead) end, words)
  table.sort(found)
  return found
end

return M
