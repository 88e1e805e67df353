-- Loaded when Neovim starts: the command and the <Plug> maps, which do not need setup().

if vim.g.loaded_homebody then
  return
end
vim.g.loaded_homebody = true

vim.api.nvim_create_user_command("Homebody", function(opts) require("homebody.commands").run(opts) end, {
  nargs = "*",
  range = true,
  desc = "Explain, ask, refactor with a model on this machine",
  complete = function(...) return require("homebody.commands").complete(...) end,
})

local MODES = { accept = { "i", "n" }, reject = "n" } -- the others: in insert mode

for name, what in pairs({
  accept = "Accept the suggestion",
  ["accept-word"] = "Accept the suggestion's next word",
  ["accept-line"] = "Accept the suggestion's next line",
  next = "Show the next suggestion",
  previous = "Show the previous suggestion",
  dismiss = "Dismiss the suggestion",
  reject = "Reject the next edit",
  suggest = "Ask for suggestions here",
  review = "Review the change that arrived while you were typing",
}) do
  local act = name:gsub("-", "_")
  vim.keymap.set(MODES[act] or "i", ("<Plug>(homebody-%s)"):format(name), function() require("homebody")[act]() end, { desc = what })
end
