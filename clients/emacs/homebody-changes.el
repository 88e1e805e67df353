;;; homebody-changes.el --- Refactorings of Homebody in Emacs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Runs refactorings and shows their results as a diff; the buffer is unchanged
;; until the user accepts.  An edit that only adds a few lines is applied immediately.

;;; Code:

(require 'diff-mode)
(require 'map)
(require 'homebody-server)

(declare-function diff-no-select "diff")
(declare-function flymake-diagnostics "flymake")
(declare-function flymake-diagnostic-beg "flymake")
(declare-function flymake-diagnostic-end "flymake")
(declare-function flymake-diagnostic-text "flymake")

(defcustom homebody-confirm 'replacing
  "Which changes are shown as a diff before they are applied.
With `replacing', those that replace code; those that only add a few lines are
applied."
  :type '(choice (const :tag "Changes that replace code" replacing)
                 (const :tag "All" t)
                 (const :tag "None" nil))
  :group 'homebody)

(defconst homebody--change-buffer "*Homebody change*"
  "Name of the buffer that shows a change.")

(defvar-local homebody--proposal nil
  "The change that this buffer shows: a buffer, its text, and the server's id.")

(defvar homebody--changing nil
  "Function that stops the change that is being written.")

(defun homebody--place ()
  "Return the document and the region, or point, for a command."
  (list :textDocument (homebody--document)
        :range (if (use-region-p) (homebody--range (region-beginning) (region-end))
                 (homebody--range (point) (point)))))

(defun homebody-edit (instruction)
  "Change the region, or the function around point, according to INSTRUCTION."
  (interactive "sChange: ")
  (let ((server (homebody--server-or-error)))
    (homebody--change server "homebody.refactor"
                      (append (homebody--place) (list :instruction instruction)) instruction)))

(defun homebody-refactor (&optional title)
  "Choose a refactoring of the region, or of the function around point.
From Lisp, TITLE is the title of the refactoring."
  (interactive)
  (let* ((server (homebody--server-or-error))
         (place (homebody--place))
         (found (jsonrpc-request
                 server :textDocument/codeAction
                 (append place
                         (list :context
                               (list :triggerKind 1
                                     :diagnostics (if (use-region-p)
                                                      (homebody--diagnostics (region-beginning) (region-end))
                                                    (homebody--diagnostics (pos-bol) (pos-eol))))))))
         (actions (seq-filter (lambda (action)
                                (equal (plist-get (plist-get action :command) :command) "homebody.refactor"))
                              found))
         (titles (mapcar (lambda (action) (plist-get action :title)) actions))
         (completion-extra-properties
          (list :annotation-function
                (lambda (title)
                  (let ((action (seq-find (lambda (action) (equal (plist-get action :title) title)) actions)))
                    (concat "  " (plist-get (plist-get action :disabled) :reason))))))
         (chosen (if titles (or title (completing-read "Refactor: " titles nil t))
                   (user-error "There is nothing to refactor here: put point into a function")))
         (action (seq-find (lambda (action) (equal (plist-get action :title) chosen)) actions))
         (argument (aref (plist-get (plist-get action :command) :arguments) 0)))
    (homebody--change server "homebody.refactor"
                      (plist-put (copy-sequence argument) :showReason :json-false) chosen)))

(defun homebody--diagnostics (beg end)
  "Return Flymake's diagnostics between BEG and END."
  (vconcat
   (and (bound-and-true-p flymake-mode)
        (mapcar (lambda (found)
                  (list :range (homebody--range (flymake-diagnostic-beg found) (flymake-diagnostic-end found))
                        :message (flymake-diagnostic-text found)))
                (flymake-diagnostics beg end)))))

(defun homebody--all-diagnostics ()
  "Return Flymake's diagnostics of all files that it examines."
  (vconcat
   (seq-keep (lambda (buffer)
               (with-current-buffer buffer
                 (and buffer-file-name (bound-and-true-p flymake-mode)
                      (list :uri (homebody--uri buffer-file-name)
                            :diagnostics (homebody--diagnostics (point-min) (point-max))))))
             (buffer-list))))

(defun homebody--change (server command argument title)
  "Make SERVER execute COMMAND with ARGUMENT, and show its edit, called TITLE.
A change that is being written is stopped."
  (homebody--stop-change)
  (message "Homebody: %s…%s" title (substitute-command-keys "  \\[homebody-stop] stops it"))
  (let* ((buffer (current-buffer))
         stop
         (take (lambda (result)
                 (when (eq stop homebody--changing)
                   (setq homebody--changing nil)
                   (if (and (plist-get result :proposal) (buffer-live-p buffer))
                       (with-current-buffer buffer (homebody--propose result title))
                     (message "Homebody: %s" (or (plist-get result :reason) (plist-get result :status))))))))
    (setq stop (homebody--execute
                server command (plist-put (copy-sequence argument) :apply :json-false) take
                :otherwise (lambda (words) (funcall take (list :reason words)))
                :on-report (lambda (words)
                             (when (and (eq stop homebody--changing) (not (active-minibuffer-window)))
                               (let (message-log-max) (message "Homebody: %s: %s" title words)))))
          homebody--changing stop)))

(defun homebody--stop-change ()
  "Stop the change that is being written; return whether there was one."
  (when-let* ((stop homebody--changing))
    (setq homebody--changing nil)
    (funcall stop)
    t))

;;;; Edits

(defun homebody--propose (result title)
  "Apply the change of RESULT to this buffer, or show it as a diff.
TITLE says what it is.  A change that was refused, one with notes on what it
removes or adds beyond what was asked for, and one that follows a change in
view, is shown first."
  (pcase-let* (((map :proposal :review :notes :status) result)
               ((map :uri :before :after) proposal))
    (cond
     ((not before) (homebody--new-file uri after title))
     ((or (equal status "refused") (not (seq-empty-p notes)) (get-buffer homebody--change-buffer)
          (if (eq homebody-confirm 'replacing) (eq review t) homebody-confirm))
      (homebody--show-change result title))
     (t (homebody--apply before after)
        (message "Homebody: %s (undo reverts it)" title)))))

(defun homebody--apply (before after)
  "Make the change from BEFORE to AFTER in this buffer.
The server merges it with what was edited meanwhile."
  (let* ((result (jsonrpc-request
                  (homebody--server-or-error) :workspace/executeCommand
                  (list :command "homebody.merge"
                        :arguments (vector (list :textDocument (homebody--document)
                                                 :before before :after after)))))
         (edits (plist-get result :edits)))
    (unless edits (user-error "%s" (plist-get result :reason)))
    (save-restriction
      (widen)
      (let ((group (prepare-change-group)))
        (undo-boundary)
        (save-excursion
          (seq-doseq (edit (reverse edits))
            (let ((range (plist-get edit :range)))
              (goto-char (homebody--point (plist-get range :start)))
              (delete-region (point) (homebody--point (plist-get range :end)))
              (insert (plist-get edit :newText)))))
        (undo-amalgamate-change-group group)
        (undo-boundary)))))

(defun homebody--new-file (uri text title)
  "Open the new file at URI, with TEXT; it is not saved yet.
Beside what its buffer has already, TEXT is shown as a change called TITLE."
  (let* ((path (homebody--path uri)) (buffer (find-file-noselect path)))
    (cond ((file-exists-p path) (message "Homebody: %s exists already, so no file was created." path))
          ((zerop (buffer-size buffer))
           (pop-to-buffer buffer)
           (insert text)
           (message "Homebody: a new file that is not saved yet"))
          (t (with-current-buffer buffer
               (homebody--show-change (list :proposal (list :before (homebody--text) :after text)) title))))))

;;;; The diff

(defvar-keymap homebody-change-mode-map
  :doc "Keys of the buffer that shows a change."
  "C-c C-c" #'homebody-accept-change
  "C-c C-k" #'homebody-discard-change
  "C-c C-r" #'homebody-refine-change)

(define-minor-mode homebody-change-mode
  "Keys to accept, discard or refine the change that this buffer shows."
  :lighter " Change")

(defun homebody--show-change (result title)
  "Show the change of RESULT for this buffer, called TITLE, as a diff.
Above it stand the reason of a refusal, and the notes."
  (require 'diff)
  (pcase-let* (((map :proposal :id :notes :status :reason) result)
               ((map :before :after) proposal)
               (refusal (and (equal status "refused") reason))
               (source (current-buffer))
               (view (get-buffer-create homebody--change-buffer))
               (coding-system-for-read 'utf-8-emacs-unix)
               (coding-system-for-write 'utf-8-emacs-unix))
    (with-temp-buffer
      (insert before)
      (let ((old (current-buffer)))
        (with-temp-buffer
          (insert after)
          (diff-no-select old (current-buffer) "-u" t view))))
    (with-current-buffer view
      (homebody-change-mode 1)
      (let ((inhibit-read-only t))
        (goto-char (point-min))
        ;; Names of temporary buffers, before the first hunk.
        (when (re-search-forward "^@@" nil t) (delete-region (point-min) (pos-bol)))
        (goto-char (point-min))
        (when refusal (insert (propertize (format "Refused: %s\n" refusal) 'face 'warning)))
        (seq-doseq (note notes) (insert "- " note "\n"))
        (goto-char (point-max))
        (when (search-backward "\nDiff finished" nil t) (delete-region (point) (point-max)))
        (goto-char (point-min)))
      (setq header-line-format (format "C-c C-c %s, C-c C-k discards, C-c C-r refines, k drops a hunk: %s"
                                       (if refusal "applies it anyway" "accepts")
                                       (string-replace "%" "%%" title))
            homebody--proposal (list source before id)))
    (message nil)
    (display-buffer view)))

(defun homebody--with-hunks (before)
  "Return the text BEFORE with the hunks that this diff still has."
  (let ((lines (split-string before "\n")) (at 1) after)
    (save-excursion
      (goto-char (point-min))
      (while (re-search-forward "^@@ -\\([0-9]+\\)\\(?:,\\([0-9]+\\)\\)? \\+[0-9,]+ @@" nil t)
        (let* ((count (string-to-number (or (match-string 2) "1")))
               (first (+ (string-to-number (match-string 1)) (if (zerop count) 1 0))))
          (dotimes (_ (- first at)) (push (pop lines) after))
          (dotimes (_ count) (pop lines))
          (setq at (+ first count))
          (while (and (zerop (forward-line)) (looking-at "\\([-+ ]\\)\\(.*\\)\\|\\\\"))
            (when (member (match-string 1) '("+" " ")) (push (match-string 2) after)))
          (forward-line -1))))
    (string-join (nconc (nreverse after) lines) "\n")))

(defun homebody--proposal-or-error ()
  "Return the change that is shown."
  (let ((view (get-buffer homebody--change-buffer)))
    (prog1 (or (and view (buffer-local-value 'homebody--proposal view))
               (user-error "No change is shown"))
      (unless (buffer-live-p (car (buffer-local-value 'homebody--proposal view)))
        (user-error "The buffer that this change belongs to was closed")))))

(defun homebody--close-change ()
  "Close the buffer that shows a change."
  (when-let* ((view (get-buffer homebody--change-buffer)))
    (when-let* ((window (get-buffer-window view))) (quit-window nil window))
    (kill-buffer view)))

(defun homebody-accept-change ()
  "Apply the change that is shown."
  (interactive)
  (pcase-let* ((`(,source ,before) (homebody--proposal-or-error))
               (after (with-current-buffer homebody--change-buffer (homebody--with-hunks before))))
    (with-current-buffer source (homebody--apply before after))
    (homebody--close-change)))

(defun homebody-refine-change (instruction)
  "Replace the change that is shown by one that also follows INSTRUCTION."
  (interactive "sRefine: ")
  (pcase-let ((`(,source ,_ ,id) (homebody--proposal-or-error)))
    (unless id (user-error "This change cannot be refined: ask for another one"))
    (with-current-buffer source
      (homebody--change (homebody--server-or-error) "homebody.refine"
                        (list :edit id :instruction instruction) instruction))))

(defun homebody-discard-change ()
  "Discard the change that is shown."
  (interactive)
  (homebody--proposal-or-error)
  (homebody--close-change))

(provide 'homebody-changes)
;;; homebody-changes.el ends here
