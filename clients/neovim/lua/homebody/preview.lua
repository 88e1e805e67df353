-- Proposals: shows the changes of an edit as a diff beside the file, until the user accepts or discards them.
-- The file is unchanged until then, and can be edited meanwhile.

local config = require("homebody.config")
local rpc = require("homebody.rpc")

local M = {}
local SMALL_LINES = 12 -- longest addition that is applied without a preview, in lines
local proposal -- in view: the file's buffer, the lines it was made for, the buffer with the result, the edit's id
local waiting -- shows the change that arrived while the user was typing
local MOST_NOTES = 6 -- lines of the window with notes
local line_diff = vim.text and vim.text.diff or vim.diff -- renamed in Neovim 0.12

local function lines_of(buf)
  return vim.api.nvim_buf_get_lines(buf, 0, -1, false)
end

-- Hunks that turn one list of lines into another, each {first line from 1, count, first, count}.
local function hunks(before, after)
  local function joined(lines) return table.concat(lines, "\n") .. "\n" end
  return line_diff(joined(before), joined(after), { result_type = "indices", algorithm = "histogram" })
end

-- The lines of a buffer after LSP edits.
local function edited(buf, edits)
  -- Without annotations: the preview asks for the confirmation, and Neovim 0.12 would ask as well.
  local plain = vim.tbl_map(function(one) return { range = one.range, newText = one.newText } end, edits)
  local copy = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(copy, 0, -1, false, lines_of(buf))
  vim.lsp.util.apply_text_edits(plain, copy, rpc.encoding)
  local lines = lines_of(copy)
  vim.api.nvim_buf_delete(copy, { force = true })
  return lines
end

local function edits_of(edit, uri)
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument and change.textDocument.uri == uri then
      return change.edits
    end
  end
  return (edit.changes or {})[uri] or {}
end

-- Whether an edit is for the text of the buffer as it is now, also as far as the server does not have it yet.
local function fits(buf, edit)
  local now = vim.lsp.util.buf_versions[buf] or 0
  for _, change in ipairs(edit.documentChanges or {}) do
    local version = change.textDocument and change.textDocument.version
    if type(version) == "number" and version < now then
      return false
    end
  end
  return true
end

-- Whether to show the edit first: unless the server says that no confirmation is needed.
local function needs_confirmation(edit)
  for _, annotation in pairs(edit.changeAnnotations or {}) do
    if annotation.needsConfirmation then
      return true
    end
  end
  return edit.changeAnnotations == nil
end

-- Moves the hunks from `base` to `wanted` to where they belong in `now`; nil if both changed the same lines.
local function merged(base, wanted, now)
  local theirs, own = hunks(base, wanted), hunks(base, now)
  local moved = {}
  for _, hunk in ipairs(theirs) do
    local first, count = hunk[1], hunk[2]
    local shift = 0
    for _, other in ipairs(own) do
      local other_first, other_count = other[1], other[2]
      local end_mine, end_other = first + math.max(count, 1) - 1, other_first + math.max(other_count, 1) - 1
      if first <= end_other and other_first <= end_mine then
        return nil
      elseif other_first < first then
        shift = shift + other[4] - other_count
      end
    end
    table.insert(moved, { first + shift, count, hunk[3], hunk[4] })
  end
  return moved
end

-- Applies hunks to a buffer, as one undo step; returns the first changed line.
local function put(buf, moved, wanted)
  for index = #moved, 1, -1 do
    local first, count, from, number = unpack(moved[index])
    -- A hunk that replaces no lines is inserted after line `first`.
    local start = count == 0 and first or first - 1
    vim.api.nvim_buf_set_lines(buf, start, start + count, false, vim.list_slice(wanted, from, from + number - 1))
  end
  return moved[1] and math.max(moved[1][1], 1) or 1
end

local function is_small(base, wanted)
  local added = 0
  for _, hunk in ipairs(hunks(base, wanted)) do
    if hunk[2] > 0 then
      return false
    end
    added = added + hunk[4]
  end
  return added > 0 and added <= SMALL_LINES
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
  vim.bo[buf].bufhidden, vim.bo[buf].modifiable = "wipe", false
  local win = vim.api.nvim_open_win(buf, false, { split = "below", win = -1, height = math.min(#lines, MOST_NOTES) })
  vim.wo[win].winfixheight, vim.wo[win].wrap, vim.wo[win].number = true, true, false
  vim.wo[win].winhighlight = "Normal:" .. (refusal and "WarningMsg" or "Comment")
end

-- Decides a proposal whose window the user closes (:q), and applies one that the user writes (:w).
local function follow_windows(own)
  local buf = own.right
  vim.bo[buf].buftype, vim.bo[buf].modified = "acwrite", false
  vim.api.nvim_create_autocmd("BufWriteCmd", { buffer = buf, callback = function()
    vim.bo[buf].modified = false
    vim.schedule(function()
      if proposal == own then
        M.accept()
      end
    end)
  end })
  vim.api.nvim_create_autocmd("QuitPre", { buffer = buf, callback = function() vim.bo[buf].modified = false end })
  local group = vim.api.nvim_create_augroup("homebody-proposal", {})
  vim.api.nvim_create_autocmd({ "WinClosed", "TabClosed" }, { group = group, callback = function()
    vim.schedule(function()
      if proposal ~= own then
        return
      end
      local is_valid = vim.api.nvim_tabpage_is_valid(own.tab)
      local is_whole = is_valid and #vim.fn.win_findbuf(buf) > 0 and vim.api.nvim_win_is_valid(own.left)
      if not is_whole then
        M.close()
        rpc.say("the change was discarded")
      end
    end)
  end })
end

local function show(buf, base, wanted, title, result)
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
  vim.api.nvim_buf_set_lines(right, 0, -1, false, wanted)
  vim.bo[right].filetype = vim.bo[buf].filetype
  vim.cmd.diffthis()
  local accept = refusal and "ga apply anyway" or "ga accept"
  vim.wo.winbar = accept .. "  gx discard  gr refine%<  do undo hunk" -- the end is cut in a narrow window
  proposal = { buf = buf, base = base, left = left, right = right, tab = tab, title = title, id = id }
  show_notes(refusal, result.notes or {})
  follow_windows(proposal)
  for key, act in pairs({ ga = M.accept, gx = M.discard, gr = M.refine }) do
    vim.keymap.set("n", key, act, { buffer = right, nowait = true })
  end
  local first = hunks(base, wanted)[1]
  if first then
    vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(first[3], #wanted)), 0 })
  end
  vim.api.nvim_echo({ { "" } }, false, {}) -- the progress messages are outdated
  rpc.emit("HomebodyPreview", { title = title })
end

-- Whether keys go into a text at the moment: a window that opens now would get them.
local function is_typing()
  return vim.fn.mode():find("^[iRvVsS\22\19]") ~= nil
end

-- Runs `act`, which shows a change; while the user types, once :Homebody review asks for it.
local function present(title, act)
  if not is_typing() then
    waiting = nil
    return act()
  end
  waiting = act
  local key = config.options.keys.review
  rpc.say(("a change is ready (%s): %s"):format(key or ":Homebody review", title))
end

-- Shows the result of a command as a proposal; an edit that only adds a few lines is applied immediately.
function M.take(buf, result, title)
  if result.status == "unchanged" then
    return rpc.say("the model found nothing to change")
  elseif not result.edit then
    local is_cancelled = result.status == "cancelled"
    return rpc.say(result.reason or (is_cancelled and "cancelled" or "nothing was changed"), vim.log.levels.WARN)
  end
  for _, change in ipairs(result.edit.documentChanges or {}) do
    if change.kind == "create" then
      return present(title, function() M.new_file(change.uri, edits_of(result.edit, change.uri)) end)
    end
  end
  if not fits(buf, result.edit) then
    return rpc.say(
      "the file was edited just as the change arrived, so nothing was changed; run it again",
      vim.log.levels.WARN
    )
  end
  local base = lines_of(buf)
  local wanted = edited(buf, edits_of(result.edit, rpc.document(buf).uri))
  local is_plain = result.status == "ready" and #(result.notes or {}) == 0
  present(title, function()
    local moved = merged(base, wanted, lines_of(buf))
    if is_plain and moved and not needs_confirmation(result.edit) and is_small(base, wanted) then
      put(buf, moved, wanted)
      return rpc.say(title .. " (u undoes it)")
    end
    M.close()
    show(buf, base, wanted, title, result)
  end)
end

-- Shows the change that arrived while the user was typing; returns whether there was one.
function M.review()
  local act = waiting
  waiting = nil
  if act then
    vim.schedule(function()
      vim.cmd.stopinsert()
      vim.schedule(act)
    end)
  end
  return act ~= nil
end

-- Opens a new file as a buffer that is not written yet.
function M.new_file(uri, edits)
  local path = vim.uri_to_fname(uri)
  if vim.uv.fs_stat(path) then
    return rpc.say(("%s exists already, so no file was created"):format(path), vim.log.levels.WARN)
  end
  vim.cmd.tabedit(vim.fn.fnameescape(path))
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(edits[1] and edits[1].newText or "", "\n", { plain = true }))
  rpc.say("a new file that is not saved yet; :w saves it")
end

-- Applies the proposal, as it is in the right window, to the file.
function M.accept()
  if not proposal then
    return rpc.say("there is no change to accept")
  end
  local own = proposal
  local wanted = lines_of(own.right)
  local moved = merged(own.base, wanted, lines_of(own.buf))
  if not moved then
    return rpc.say(
      "the lines that this change replaces were edited meanwhile, so nothing was changed; copy what you want by hand, or discard it",
      vim.log.levels.WARN
    )
  end
  M.close()
  local line = put(own.buf, moved, wanted)
  if vim.api.nvim_get_current_buf() == own.buf then
    vim.api.nvim_win_set_cursor(0, { math.min(line, vim.api.nvim_buf_line_count(own.buf)), 0 })
  end
end

function M.discard()
  if not proposal then
    return rpc.say("there is no change to discard")
  end
  M.close()
end

-- Asks the user what to change in the proposal, and replaces it by the new result.
function M.refine()
  local own = proposal
  if not own then
    return rpc.say("there is no change to refine")
  elseif not own.id then
    return rpc.say("this change cannot be refined; run it again with another instruction")
  end
  vim.ui.input({ prompt = "Refine: " }, function(words)
    if words and vim.trim(words) ~= "" then
      require("homebody.refactor").refine(own.buf, own.id, words)
    end
  end)
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
function M.is_open()
  return proposal ~= nil
end

return M
