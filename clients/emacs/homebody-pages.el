;;; homebody-pages.el --- Doctor, last prompt, model and commit message of Homebody  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Commands about the server rather than about code.

;;; Code:

(require 'map)
(require 'homebody-server)

(defun homebody--page (name text)
  "Show TEXT in the buffer *Homebody NAME*."
  (with-current-buffer (get-buffer-create (format "*Homebody %s*" name))
    (let ((inhibit-read-only t))
      (erase-buffer)
      (save-excursion (insert text)))
    (special-mode)
    (visual-line-mode 1)
    (display-buffer (current-buffer))))

(defun homebody-doctor ()
  "Examine models, settings and speed, with the settings of this Emacs."
  (interactive)
  (message "Homebody: examining this machine…")
  (homebody--execute (homebody--some-server) "homebody.doctor" (make-hash-table)
                     (lambda (report)
                       (message nil)
                       (homebody--page "doctor" (plist-get report :text)))))

(defun homebody--parts (title parts)
  "Return TITLE and a line for each of PARTS of a prompt; \"\" without any."
  (if (seq-empty-p parts) ""
    (concat title "\n"
            (mapconcat (lambda (part)
                         (pcase-let (((map :uri :range :why) part))
                           (format "- %s, lines %d to %d: %s\n"
                                   (file-relative-name (homebody--path uri) (homebody--root))
                                   (1+ (plist-get (plist-get range :start) :line))
                                   (plist-get (plist-get range :end) :line)
                                   why)))
                       parts "")
            "\n")))

(defun homebody-last-prompt ()
  "Show the text that was sent to the model last, and what it was made of."
  (interactive)
  (homebody--execute
   (homebody--some-server) "homebody.showPrompt" (make-hash-table)
   (lambda (shown)
     (if (not shown) (message "Homebody: nothing has been sent to a model yet")
       (pcase-let (((map :model :promptTokens :sources :leftOut :text) shown))
         (homebody--page "prompt" (concat (homebody--parts (format "Sent to %s: %d tokens, from" model promptTokens) sources)
                                          (homebody--parts "Left out:" leftOut)
                                          text)))))))

(defun homebody-model (&optional name)
  "Choose the model that answers until Emacs ends.
From Lisp, NAME is what the list shows."
  (interactive)
  (let* ((models (jsonrpc-request (homebody--some-server) :workspace/executeCommand
                                  (list :command "homebody.models" :arguments (vector (make-hash-table)))
                                  :timeout homebody--start-seconds))
         (named (mapcar (lambda (model)
                          (cons (format "%s  (%s; %s)" (plist-get model :name) (plist-get model :where)
                                        (string-join (plist-get model :uses) ", "))
                                model))
                        models))
         (chosen (if named (or name (completing-read "Model: " named nil t))
                   (user-error "There is no model on this machine; `homebody models recommend' names one")))
         (model (cdr (assoc chosen named)))
         (uses (plist-get model :uses))
         (backend (mapcan (lambda (key) (and (plist-get model key) (list key (plist-get model key))))
                          '(:kind :url :model)))
         (use (and (length= uses 1)
                   (intern (concat ":" (string-replace "next_edit" "nextEdit" (aref uses 0))))))
         (settings (copy-sequence homebody-settings)))
    (setq homebody-settings
          (if use (plist-put settings use (plist-put (copy-sequence (plist-get settings use)) :backend backend))
            (plist-put settings :backend backend)))
    (homebody-restart)
    (message "Homebody: %s answers from now on; to keep it, customize `homebody-settings'" (plist-get model :name))))

(defun homebody-commit-message ()
  "Write a message for the staged changes, or for all if nothing is staged.
In the buffer of a commit message, insert it at point; elsewhere, it is killed,
so that \\[yank] inserts it."
  (interactive)
  (message "Homebody: writing a commit message…")
  (let ((buffer (current-buffer)))
    (homebody--execute
     (homebody--some-server) "homebody.commitMessage"
     (list :folder (homebody--uri (or (locate-dominating-file default-directory ".git") default-directory)))
     (lambda (result)
       (let ((text (string-trim (plist-get result :message))))
         (with-current-buffer (if (buffer-live-p buffer) buffer (current-buffer))
           (if (or (derived-mode-p 'log-edit-mode) (bound-and-true-p git-commit-mode)
                   (equal (and buffer-file-name (file-name-nondirectory buffer-file-name)) "COMMIT_EDITMSG"))
               (insert text)
             (kill-new text)
             (setq text (concat text (substitute-command-keys "\n(\\[yank] inserts it)")))))
         (message "%s" (string-trim (concat (plist-get result :note) "\n" text))))))))

(provide 'homebody-pages)
;;; homebody-pages.el ends here
