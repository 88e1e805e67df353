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

for name, act in pairs(require("homebody.config").acts) do
  local plug = ("<Plug>(homebody-%s)"):format((name:gsub("_", "-")))
  vim.keymap.set(act.modes, plug, function() require("homebody").run(name) end, { desc = act.desc })
end
