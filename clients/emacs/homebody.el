;;; homebody.el --- Ghost text, explanations and refactorings by a local model  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, languages, tools
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Adds to eglot what it does not know of the language server `homebody lsp':
;; ghost text (LSP's inline completion), answers that stream into a buffer, and
;; changes in your own words.  Needs nothing but Emacs.
;;
;;   (require 'homebody)
;;   (add-to-list 'eglot-server-programs '(python-mode . (homebody-server "homebody" "lsp")))
;;   (add-hook 'python-mode-hook #'eglot-ensure)
;;   (add-hook 'eglot-managed-mode-hook #'homebody-mode-if-served)

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'jsonrpc)

(defgroup homebody nil
  "Code suggestions by a model on your own machine."
  :group 'tools
  :prefix "homebody-")

(defcustom homebody-automatic t
  "Whether ghost text is requested while you type.
If nil, only `homebody-suggest' requests it."
  :type 'boolean)

(defcustom homebody-delay 0.05
  "Seconds of inactivity before ghost text is requested.
The server adds a delay of its own that suits the model's speed."
  :type 'number)

(defface homebody-ghost '((t :inherit shadow :slant italic))
  "Face of ghost text.")

(defclass homebody-server (eglot-lsp-server) ()
  :documentation "The language server `homebody lsp'.")

(cl-defmethod eglot-client-capabilities :around ((_server homebody-server))
  "Declare inline completion beside what eglot declares."
  (let* ((all (cl-call-next-method))
         (documents (plist-put (copy-sequence (plist-get all :textDocument))
                               :inlineCompletion '(:dynamicRegistration :json-false))))
    (plist-put (copy-sequence all) :textDocument documents)))

(defconst homebody--seconds 3600
  "Maximum duration of a command, in seconds.")

;;;; Status

(defvar homebody--status nil
  "What the server said last: a plist with `:kind', `:busy' and `:message'.")

(cl-defmethod eglot-handle-notification
  ((_server homebody-server) (_method (eql homebody/didChangeStatus)) &rest status
   &key &allow-other-keys)
  "Remember STATUS for the mode line."
  (setq homebody--status status)
  (force-mode-line-update t))

(defun homebody--lighter ()
  "Text for the mode line."
  (pcase (plist-get homebody--status :kind)
    ("Error" " Homebody:!")
    (_ (if (eq (plist-get homebody--status :busy) t) " Homebody…" " Homebody"))))

(defun homebody-status ()
  "Show what the server said last."
  (interactive)
  (message "%s" (or (plist-get homebody--status :message) "Homebody has reported nothing yet.")))

;;;; Ghost text

(defvar-local homebody--overlay nil
  "Overlay of the ghost text that is shown; nil without any.")

(defvar-local homebody--timer nil
  "Timer of the next request.")

(defvar-local homebody--state nil
  "Modification tick and point after the last command.")

(defun homebody--server ()
  "Return this buffer's Homebody server, or nil."
  (let ((server (eglot-current-server)))
    (and server (object-of-class-p server 'homebody-server) server)))

(defun homebody--server-or-error ()
  "Return this buffer's Homebody server."
  (or (homebody--server)
      (user-error "Homebody does not serve this buffer: start it with M-x eglot")))

(defun homebody--ghost ()
  "Return the ghost text that is shown, or nil."
  (and homebody--overlay (overlay-get homebody--overlay 'homebody-text)))

(defun homebody-dismiss ()
  "Hide the ghost text."
  (interactive)
  (when homebody--overlay
    (delete-overlay homebody--overlay)
    (setq homebody--overlay nil)))

(defun homebody--show (text end item)
  "Show TEXT at point; accepting it replaces what is between point and END.
ITEM is the server's."
  (homebody-dismiss)
  (unless (string-empty-p text)
    (setq homebody--overlay (make-overlay (point) end nil t nil))
    (overlay-put homebody--overlay 'homebody-item item)
    (homebody--set-text text)))

(defun homebody--set-text (text)
  "Make TEXT the ghost text."
  (overlay-put homebody--overlay 'homebody-text text)
  (let ((shown (propertize text 'face 'homebody-ghost)))
    ;; The cursor stays in front of the ghost text.
    (put-text-property 0 1 'cursor t shown)
    (overlay-put homebody--overlay 'before-string shown)))

(defun homebody-suggest ()
  "Request ghost text at point, whatever the model's confidence."
  (interactive)
  (homebody--server-or-error)
  (homebody--request 1))

(defun homebody--request (trigger)
  "Request ghost text at point; TRIGGER is 1 for an explicit request, else 2."
  (when-let* ((server (homebody--server)))
    (eglot--signal-textDocument/didChange)
    (let ((buffer (current-buffer)) (state (homebody--now)))
      (jsonrpc-async-request
       server :textDocument/inlineCompletion
       (append (eglot--TextDocumentPositionParams) `(:context (:triggerKind ,trigger)))
       :success-fn (lambda (result)
                     (when (buffer-live-p buffer)
                       (with-current-buffer buffer
                         ;; An answer for an older text or place is dropped.
                         (when (equal state (homebody--now))
                           (homebody--received result)))))
       :error-fn #'ignore :timeout-fn #'ignore))))

(defun homebody--now ()
  "Return the modification tick and point."
  (cons (buffer-chars-modified-tick) (point)))

(defun homebody--received (result)
  "Show the first item of RESULT."
  (let* ((items (if (vectorp result) result (plist-get result :items)))
         (item (and (> (length items) 0) (aref items 0))))
    (when item
      (pcase-let* ((`(,start . ,end) (if (plist-get item :range)
                                         (eglot-range-region (plist-get item :range))
                                       (cons (point) (point))))
                   (text (plist-get item :insertText))
                   (typed (and (<= start (point)) (buffer-substring-no-properties start (point)))))
        (when (and (stringp text) typed (string-prefix-p typed text) (>= end (point)))
          (homebody--show (substring text (length typed)) end item)
          (jsonrpc-notify (homebody--server) :textDocument/didShowCompletion `(:item ,item)))))))

(defun homebody--after-command ()
  "Follow the cursor: type along the ghost text, or request another one."
  (let ((old homebody--state) (new (homebody--now)) (ghost (homebody--ghost)))
    (setq homebody--state new)
    (unless (equal old new)
      (let ((typed (and ghost old (> (point) (cdr old)) (/= (car old) (car new))
                        (buffer-substring-no-properties (cdr old) (point)))))
        (cond
         ((and typed (string-prefix-p typed ghost) (< (length typed) (length ghost)))
          (move-overlay homebody--overlay (point) (max (point) (overlay-end homebody--overlay)))
          (homebody--set-text (substring ghost (length typed))))
         (t
          (homebody-dismiss)
          (when homebody--timer (cancel-timer homebody--timer))
          (when (and homebody-automatic old (/= (car old) (car new)) (not (region-active-p)))
            (setq homebody--timer
                  (run-with-idle-timer homebody-delay nil #'homebody--request-in (current-buffer))))))))))

(defun homebody--request-in (buffer)
  "Request ghost text in BUFFER if it is still the current one."
  (when (and (eq buffer (current-buffer)) (bound-and-true-p homebody-mode))
    (homebody--request 2)))

(defun homebody--take (length)
  "Insert the first LENGTH characters of the ghost text; the rest stays."
  (let* ((ghost (or (homebody--ghost) (user-error "No suggestion is shown")))
         (end (overlay-end homebody--overlay))
         (item (overlay-get homebody--overlay 'homebody-item))
         (rest (substring ghost length)))
    (homebody-dismiss)
    (undo-boundary)
    (if (string-empty-p rest)
        (progn (delete-region (point) end)
               (insert ghost)
               (homebody--accepted item))
      (let ((after (- end (point))))
        (insert (substring ghost 0 length))
        (homebody--show rest (+ (point) after) item)))
    (undo-boundary)
    (setq homebody--state (homebody--now))))

(defun homebody--accepted (item)
  "Run the command of ITEM, which counts it as accepted."
  (when-let* ((command (plist-get item :command)) (server (homebody--server)))
    (jsonrpc-async-request server :workspace/executeCommand
                           (list :command (plist-get command :command)
                                 :arguments (or (plist-get command :arguments) []))
                           :success-fn #'ignore :error-fn #'ignore :timeout-fn #'ignore)))

(defun homebody-accept ()
  "Insert the ghost text."
  (interactive)
  (homebody--take (length (homebody--ghost))))

(defun homebody-accept-word ()
  "Insert the next word of the ghost text."
  (interactive)
  (let ((ghost (or (homebody--ghost) "")))
    (string-match "\\`[[:space:]\n]*\\(?:\\w\\|_\\)*" ghost)
    (let ((length (match-end 0)))
      (homebody--take (if (string-blank-p (substring ghost 0 length))
                          (min (length ghost) (1+ length))
                        length)))))

(defun homebody-accept-line ()
  "Insert the next line of the ghost text."
  (interactive)
  (let* ((ghost (or (homebody--ghost) ""))
         (end (string-search "\n" ghost (if (string-prefix-p "\n" ghost) 1 0))))
    (homebody--take (or end (length ghost)))))

(defun homebody--if-shown (command)
  "Return a key binding for COMMAND that counts only while ghost text is shown."
  `(menu-item "" ,command :filter ,(lambda (found) (and (homebody--ghost) found))))

(defvar homebody-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "TAB") (homebody--if-shown #'homebody-accept))
    (define-key map (kbd "M-f") (homebody--if-shown #'homebody-accept-word))
    (define-key map (kbd "M-e") (homebody--if-shown #'homebody-accept-line))
    (define-key map (kbd "C-g") (homebody--if-shown #'homebody-dismiss))
    (define-key map (kbd "C-c h s") #'homebody-suggest)
    (define-key map (kbd "C-c h e") #'homebody-explain)
    (define-key map (kbd "C-c h a") #'homebody-ask)
    (define-key map (kbd "C-c h r") #'homebody-refactor)
    (define-key map (kbd "C-c h i") #'homebody-edit)
    map)
  "Keys of `homebody-mode'.")

;;;###autoload
(define-minor-mode homebody-mode
  "Show suggestions of a model on this machine as ghost text."
  :lighter (:eval (homebody--lighter))
  (if homebody-mode
      (progn (setq homebody--state (homebody--now))
             (add-hook 'post-command-hook #'homebody--after-command nil t))
    (remove-hook 'post-command-hook #'homebody--after-command t)
    (when homebody--timer (cancel-timer homebody--timer))
    (homebody-dismiss)))

;;;###autoload
(defun homebody-mode-if-served ()
  "Turn `homebody-mode' on in buffers that Homebody serves, and off in others."
  (homebody-mode (if (and (eglot-managed-p) (homebody--server)) 1 -1)))

;;;; Answers

(defvar homebody--answers (make-hash-table :test #'equal)
  "Buffers that answers stream into, by progress token.")

(defvar-local homebody--conversation nil
  "Id of the conversation in this buffer.")

(defvar-local homebody--about nil
  "Buffer that the conversation began in.")

(defvar homebody-answer-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "a") #'homebody-ask)
    map)
  "Keys of `homebody-answer-mode'; `special-mode' has others, such as q.")

(define-derived-mode homebody-answer-mode special-mode "Homebody"
  "An answer, as text: nothing in it is run or opened."
  (visual-line-mode 1))

(cl-defmethod eglot-handle-notification :around
  ((_server homebody-server) (_method (eql $/progress)) &key token value)
  "Append text that streams on TOKEN; VALUE has it in `:text'."
  (if-let* ((buffer (gethash token homebody--answers)))
      (homebody--append buffer (plist-get value :text))
    (cl-call-next-method)))

(defun homebody--append (buffer text)
  "Append TEXT to BUFFER; the cursor stays where the user put it."
  (when (and text (buffer-live-p buffer))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion (goto-char (point-max)) (insert text))))))

(defun homebody--place ()
  "Return the document and the region, or the cursor, for a command."
  (let ((beg (if (use-region-p) (region-beginning) (point)))
        (end (if (use-region-p) (region-end) (point))))
    (list :textDocument (eglot--VersionedTextDocumentIdentifier)
          :range (list :start (eglot--pos-to-lsp-position beg)
                       :end (eglot--pos-to-lsp-position end)))))

(defun homebody--stream (server command argument buffer then)
  "Execute COMMAND of SERVER with ARGUMENT, its text streaming into BUFFER.
THEN gets the result."
  (let ((token (format "homebody-%s" (random most-positive-fixnum))))
    (puthash token buffer homebody--answers)
    (display-buffer buffer)
    (jsonrpc-async-request
     server :workspace/executeCommand
     (list :command command :arguments (vector (append argument (list :token token))))
     :success-fn (lambda (result)
                   (remhash token homebody--answers)
                   (homebody--append buffer (homebody--account result))
                   (funcall then result))
     :error-fn (lambda (error)
                 (remhash token homebody--answers)
                 (homebody--append buffer (format "\n%s\n" (plist-get error :message))))
     :timeout homebody--seconds)))

(defun homebody--account (result)
  "Return the line below an answer: its tokens, and whether RESULT is complete."
  (let ((usage (plist-get result :usage)))
    (format "\n\n%s%d + %d of %d tokens\n\n"
            (if (eq (plist-get result :complete) t) "" "The answer was cut.  ")
            (plist-get usage :promptTokens) (plist-get usage :outputTokens)
            (plist-get usage :contextLength))))

(defun homebody--answer-buffer (name)
  "Return the buffer NAME for answers."
  (let ((buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (unless (derived-mode-p 'homebody-answer-mode) (homebody-answer-mode)))
    buffer))

(defun homebody-explain ()
  "Explain the region, or the function around point, in a buffer of its own."
  (interactive)
  (let ((server (homebody--server-or-error)) (buffer (homebody--answer-buffer "*Homebody explain*")))
    (eglot--signal-textDocument/didChange)
    (with-current-buffer buffer
      (let ((inhibit-read-only t)) (erase-buffer)))
    (homebody--stream server "homebody.explain" (homebody--place) buffer #'ignore)))

(defun homebody-ask (question)
  "Ask QUESTION about the region, or about the function around point.
In the buffer of a conversation, the conversation continues."
  (interactive "sAsk: ")
  (let* ((source (if (derived-mode-p 'homebody-answer-mode) homebody--about (current-buffer)))
         (follows (derived-mode-p 'homebody-answer-mode))
         (buffer (homebody--answer-buffer "*Homebody ask*"))
         (id (buffer-local-value 'homebody--conversation buffer)))
    (unless (buffer-live-p source)
      (user-error "The buffer that this conversation is about is gone"))
    (with-current-buffer source
      (let ((server (homebody--server-or-error)))
        (eglot--signal-textDocument/didChange)
        (with-current-buffer buffer (setq homebody--about source))
        (homebody--append buffer (format "> %s\n\n" question))
        (homebody--stream
         server "homebody.ask"
         (append (list :question question)
                 (if follows nil (homebody--place))
                 (and id (list :conversationId id)))
         buffer
         (lambda (result)
           (with-current-buffer buffer
             (setq homebody--conversation (plist-get result :conversationId)))))))))

(defun homebody-forget ()
  "Begin a new conversation at the next question."
  (interactive)
  (with-current-buffer (homebody--answer-buffer "*Homebody ask*")
    (setq homebody--conversation nil)
    (let ((inhibit-read-only t)) (erase-buffer))))

;;;; Changes

(cl-defmethod eglot-execute ((server homebody-server) action)
  "Have SERVER run ACTION without blocking Emacs: a model may take a minute."
  (let ((command (plist-get action :command)))
    (cond
     ((stringp command) (homebody--run server command (plist-get action :arguments)))
     ((plist-get command :command)
      (homebody--run server (plist-get command :command) (plist-get command :arguments)))
     (t (cl-call-next-method)))))

(defun homebody--run (server command arguments)
  "Have SERVER execute COMMAND with ARGUMENTS, a vector, and report how it ended."
  (jsonrpc-async-request
   server :workspace/executeCommand (list :command command :arguments (or arguments []))
   :success-fn (lambda (result)
                 (when-let* ((said (or (plist-get result :reason) (plist-get result :status))))
                   (message "Homebody: %s" said)))
   :error-fn (lambda (error) (message "Homebody: %s" (plist-get error :message)))
   :timeout homebody--seconds))

(defun homebody-refactor ()
  "Choose a refactoring of the region, or of the function around point."
  (interactive)
  (homebody--server-or-error)
  (let ((region (if (use-region-p) (list (region-beginning) (region-end)) (list (point) (point)))))
    (eglot-code-actions (car region) (cadr region) "refactor" t)))

(defun homebody-edit (instruction)
  "Change the region, or the function around point, as INSTRUCTION says.
`eglot-confirm-server-edits' decides whether you see the change first."
  (interactive "sChange: ")
  (let ((server (homebody--server-or-error)))
    (eglot--signal-textDocument/didChange)
    (homebody--run server "homebody.refactor"
                   (vector (append (homebody--place) (list :instruction instruction))))))

(provide 'homebody)
;;; homebody.el ends here
