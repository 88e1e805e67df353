-- Proposals: shows the changes of an edit as a diff beside the file, until the user accepts or discards them.
-- The file is unchanged until then, and can be edited meanwhile.

local config = require("homebody.config")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}
local END_MS = 10000 -- how long the end of Neovim waits for a change that the user writes
local proposal -- in view: the file's buffer, the text it was made for, the buffer with the result, the edit's id
local waiting -- shows the change that arrived while the user was typing
local is_ending = false -- since :wqa or :qa, unless something keeps Neovim from ending
local MOST_NOTES = 6 -- lines of the window with notes
local line_diff = vim.text and vim.text.diff or vim.diff -- renamed in Neovim 0.12

local function lines_of(buf) return vim.api.nvim_buf_get_lines(buf, 0, -1, false) end

-- Hunks that turn one list of lines into another, each {first line from 1, count, first, count}.
local function hunks(before, after)
  local function joined(lines) return table.concat(lines, "\n") .. "\n" end
  return line_diff(joined(before), joined(after), { result_type = "indices", algorithm = "histogram" })
end

-- The lines of a text, as a buffer has them.
local function split(text) return vim.split((text:gsub("\r?\n$", "")), "\r?\n") end

-- Has the server merge a change with what was edited meanwhile in a buffer.
-- `done` gets the edits of the buffer as it is now, or nil and the reason.
local function merge(buf, before, after, done)
  local version = vim.api.nvim_buf_get_changedtick(buf)
  local argument = { textDocument = rpc.document(buf), before = before, after = after }
  local sent = server.execute(buf, "homebody.merge", argument, function(result, err)
    if not result or not result.edits then
      return done(nil, err or result and result.reason)
    elseif not vim.api.nvim_buf_is_loaded(buf) then
      return done(nil, "the file was closed, so nothing was changed")
    elseif version ~= vim.api.nvim_buf_get_changedtick(buf) then
      return merge(buf, before, after, done)
    end
    done(result.edits)
  end)
  if not sent then
    done()
  end
end

-- Makes a change in a buffer as one undo step; `done` gets the first changed line, or nil and the reason.
local function put(buf, before, after, done)
  merge(buf, before, after, function(edits, reason)
    if not edits then
      return done(nil, reason)
    end
    rpc.apply(edits, buf)
    done(edits[1] and edits[1].range.start.line + 1 or 1)
  end)
end

-- Lines with edits made in them.
local function with_edits(lines, edits)
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  rpc.apply(edits, buf)
  local changed = lines_of(buf)
  vim.api.nvim_buf_delete(buf, { force = true })
  return changed
end

-- A window below the diff: why a change was refused, and what it removes or adds.
local function show_notes(refusal, notes)
  local lines = refusal and { "Refused: " .. refusal } or {}
  for _, note in ipairs(notes) do
    table.insert(lines, "- " .. note)
  end
  if #lines == 0 then
    return
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.api.nvim_buf_set_name(buf, ("homebody://notes/%d"):format(buf))
  vim.bo[buf].bufhidden, vim.bo[buf].modifiable = "wipe", false
  local win = vim.api.nvim_open_win(buf, false, { split = "below", win = -1, height = math.min(#lines, MOST_NOTES) })
  vim.wo[win].winfixheight, vim.wo[win].wrap, vim.wo[win].number = true, true, false
  vim.wo[win].winhighlight = "Normal:" .. (refusal and "WarningMsg" or "Comment")
end

-- The text of a proposal, as it is in the right window.
local function text_of(own) return table.concat(lines_of(own.right), "\n") .. own.before:match("\n?$") end

-- Discards a proposal if the user has closed a window of it, unless it is being accepted.
local function discard_half(own)
  if proposal ~= own or own.is_accepted then
    return
  end
  local is_valid = vim.api.nvim_tabpage_is_valid(own.tab)
  if not (is_valid and #vim.fn.win_findbuf(own.right) > 0 and vim.api.nvim_win_is_valid(own.left)) then
    M.close()
    messages.say("the change was discarded")
  end
end

-- Applies the proposal that the user writes; returns the reason in a list if that has to keep Neovim from ending.
function M.write()
  local own = proposal
  vim.bo[own.right].modified = false
  if not is_ending then
    vim.schedule(M.accept)
    return {}
  end
  -- :wqa. Nothing that is scheduled would run, and the file has been written already.
  local is_applied, reason
  put(own.buf, own.before, text_of(own), function(line, why)
    is_applied, reason = line ~= nil, why
  end)
  vim.wait(END_MS, function() return is_applied ~= nil end)
  if is_applied then
    vim.api.nvim_buf_call(own.buf, vim.cmd.write)
    vim.schedule(M.close) -- if another file keeps Neovim from ending
    return {}
  end
  vim.bo[own.right].modified = true
  return { reason or "the server does not answer, so the change was not applied" }
end

-- Discards a proposal whose window the user closes (:q), and applies one that the user writes (:w).
local function follow_windows(own)
  local buf = own.right
  vim.bo[buf].buftype, vim.bo[buf].modified = "acwrite", false
  local group = vim.api.nvim_create_augroup("homebody-proposal", {})
  -- Only an exception of Vim script makes the command that writes fail.
  local write = "for why in v:lua.require'homebody.preview'.write() | throw 'homebody: ' .. why | endfor"
  vim.api.nvim_create_autocmd("BufWriteCmd", { buffer = buf, group = group, nested = true, command = write })
  vim.api.nvim_create_autocmd("ExitPre", {
    group = group,
    callback = function()
      is_ending = true
      vim.schedule(function() is_ending = false end)
    end,
  })
  vim.api.nvim_create_autocmd({ "WinClosed", "TabClosed" }, {
    group = group,
    callback = function()
      vim.schedule(function() discard_half(own) end)
    end,
  })
end

-- Shows a change for the lines `old` of a buffer.
local function show(buf, old, wanted, title, result)
  local id, refusal = result.id, result.status == "refused" and (result.reason or "a check failed") or nil
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":t")
  vim.cmd.tabnew()
  local tab = vim.api.nvim_get_current_tabpage()
  vim.api.nvim_win_set_buf(0, buf)
  local left = vim.api.nvim_get_current_win()
  vim.cmd.diffthis()
  local file = ("%s: %s"):format(name, title):gsub("%%", "%%%%")
  vim.wo.winbar = file .. "%<" -- on both sides, so that the lines stay next to each other
  vim.cmd("rightbelow vsplit")
  local right = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_win_set_buf(0, right)
  vim.api.nvim_buf_set_name(right, ("homebody://change/%d/%s"):format(right, name))
  vim.bo[right].undolevels = -1 -- undo does not empty it
  vim.api.nvim_buf_set_lines(right, 0, -1, false, wanted)
  vim.bo[right].undolevels = vim.go.undolevels
  vim.bo[right].filetype = vim.bo[buf].filetype
  vim.cmd.diffthis()
  local accept = refusal and "ga apply anyway" or "ga accept"
  -- It fits into half of 80 columns; the keys are coloured.
  vim.wo.winbar = (accept .. " gx discard gr refine%< do undo"):gsub("%f[%l](%l%l) ", "%%#Special#%1%%* ")
  local before = table.concat(old, "\n") .. result.proposal.before:match("\n?$")
  proposal = { buf = buf, before = before, left = left, right = right, tab = tab, title = title, id = id }
  show_notes(refusal, result.notes or {})
  follow_windows(proposal)
  for key, act in pairs({ ga = M.accept, gx = M.discard, gr = M.refine }) do
    vim.keymap.set("n", key, act, { buffer = right, nowait = true })
  end
  local first = hunks(old, wanted)[1]
  if first then
    vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(first[3], #wanted)), 0 })
  end
  vim.api.nvim_echo({ { "" } }, false, {}) -- the progress messages are outdated
  rpc.emit("HomebodyPreview", { title = title })
end

-- Runs `act`, which shows a change; while the user types, once :Homebody review asks for it.
local function present(title, act)
  if not messages.is_typing() then
    waiting = nil
    return act()
  end
  waiting = act
  local key = config.options.keys.review
  messages.say(("a change is ready (%s): %s"):format(key or ":Homebody review", title))
end

-- Shows the result of a command as a proposal, in place of the one in view. Without one, an edit that the server
-- does not want to be reviewed is applied immediately.
function M.take(buf, result, title)
  if result.status == "unchanged" then
    return messages.say("the model found nothing to change")
  elseif not result.proposal then
    local is_cancelled = result.status == "cancelled"
    return messages.say(result.reason or (is_cancelled and "cancelled" or "nothing was changed"), vim.log.levels.WARN)
  end
  local before, after = result.proposal.before, result.proposal.after
  if type(before) ~= "string" then
    return present(title, function() M.new_file(title, result) end)
  end
  local function review()
    -- Beside the file as it is now, so that what was edited meanwhile does not look like a part of the change.
    merge(buf, before, after, function(edits)
      if messages.is_typing() then
        return present(title, review)
      end
      M.close()
      local old, wanted = split(before), split(after)
      if edits then
        old = lines_of(buf)
        wanted = with_edits(old, edits)
      end
      show(buf, old, wanted, title, result)
    end)
  end
  present(title, function()
    if proposal or result.review then
      return review()
    end
    put(buf, before, after, function(line)
      if not line then
        return review()
      end
      messages.say(title .. " (u undoes it)")
    end)
  end)
end

-- Returns a function that shows the change that arrived while the user was typing; nil without one.
function M.review()
  local act = waiting
  return act and function()
    waiting = nil
    vim.cmd.stopinsert()
    vim.schedule(act)
  end
end

-- Opens a new file as a buffer that is not written yet; beside text that the buffer has already, as a change of it.
function M.new_file(title, result)
  local path, wanted = vim.uri_to_fname(result.proposal.uri), split(result.proposal.after)
  if vim.uv.fs_stat(path) then
    return messages.say(("%s exists already, so no file was created"):format(path), vim.log.levels.WARN)
  end
  local buf = vim.fn.bufadd(path)
  vim.fn.bufload(buf)
  local old = lines_of(buf)
  if not vim.deep_equal(old, { "" }) then
    M.close()
    return show(buf, old, wanted, title, vim.tbl_extend("force", result, { proposal = { before = "\n" } }))
  end
  vim.cmd.tabedit(vim.fn.fnameescape(path))
  vim.api.nvim_buf_set_lines(0, 0, -1, false, wanted)
  messages.say("a new file that is not saved yet; :w saves it")
end

-- Applies the proposal, as it is in the right window, to the file.
function M.accept()
  local own = proposal
  if not own then
    return messages.say("there is no change to accept")
  elseif own.is_accepted then
    return
  end
  own.is_accepted = true -- also if its window is closed now
  put(own.buf, own.before, text_of(own), function(line, reason)
    if not line then
      own.is_accepted = false
      discard_half(own)
      return reason and messages.say(reason, vim.log.levels.WARN)
    end
    if proposal == own then
      M.close()
    end
    if vim.api.nvim_get_current_buf() == own.buf then
      vim.api.nvim_win_set_cursor(0, { math.min(line, vim.api.nvim_buf_line_count(own.buf)), 0 })
    end
  end)
end

function M.discard()
  if not proposal then
    return messages.say("there is no change to discard")
  end
  M.close()
end

-- Asks the user what to change in the proposal, and replaces it by the new result.
function M.refine()
  local own = proposal
  if not own then
    return messages.say("there is no change to refine")
  elseif not own.id then
    return messages.say("this change cannot be refined; run it again with another instruction")
  end
  messages.input("Refine: ", function(words) require("homebody.refactor").refine(own.buf, own.id, words) end)
end

-- Closes the proposal's tab page.
function M.close()
  local own = proposal
  proposal = nil
  if not own then
    return
  end
  vim.api.nvim_create_augroup("homebody-proposal", {}) -- clears it
  if vim.api.nvim_tabpage_is_valid(own.tab) then
    for _, win in ipairs(vim.api.nvim_tabpage_list_wins(own.tab)) do
      vim.api.nvim_win_call(win, vim.cmd.diffoff)
    end
    if #vim.api.nvim_list_tabpages() > 1 then
      vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(own.tab))
    end
  end
  if vim.api.nvim_buf_is_valid(own.right) then
    vim.api.nvim_buf_delete(own.right, { force = true })
  end
end

-- Whether a proposal is shown.
function M.is_open() return proposal ~= nil end

return M
