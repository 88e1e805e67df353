"""Words of the languages that the checks of an edit know. Data only, for ``languages``."""

PYTHON_EFFECTS = frozenset({"await", "yield", "raise", "assert", "except*", "global", "nonlocal"})
ECMA_EFFECTS = frozenset({"throw", "await", "yield"})
JAVA_EFFECTS = frozenset({"throw", "assert", "synchronized"})
CSHARP_EFFECTS = frozenset({"throw", "await", "yield", "lock"})
CPP_EFFECTS = frozenset({"throw", "co_await", "co_yield"})
GO_EFFECTS = frozenset({"defer", "go"})
RUST_EFFECTS = frozenset({"await"})

PYTHON_READS_NAMES = frozenset({"eval", "exec", "locals", "vars"})
ECMA_READS_NAMES = frozenset({"eval"})
PHP_READS_NAMES = frozenset({"eval", "extract", "get_defined_vars"})
RUBY_READS_NAMES = frozenset({"eval", "binding", "instance_eval", "local_variables"})

GO_PACKAGES = frozenset(
    {
        *("bufio", "bytes", "context", "errors", "exec", "filepath", "fmt", "hex", "http", "io"),
        *("json", "maps", "math", "os", "rand", "reflect", "regexp", "runtime", "slices", "sort"),
        *("strconv", "strings", "sync", "atomic", "time", "unicode", "utf8"),
    }
)
"""Names of standard packages that are no usual names of variables of a package."""

RUST_TYPES = frozenset(
    {
        *("Arc", "BTreeMap", "BTreeSet", "BinaryHeap", "BufRead", "BufReader", "BufWriter", "Cell"),
        *("Cow", "Duration", "FromStr", "HashMap", "HashSet", "Instant", "Mutex", "OnceLock"),
        *("PathBuf", "PhantomData", "Rc", "RefCell", "RwLock", "SystemTime", "VecDeque"),
    }
)

JAVA_TYPES = frozenset(
    {
        *("ArrayDeque", "ArrayList", "Arrays", "AtomicInteger", "AtomicLong", "BigDecimal"),
        *("BigInteger", "Collection", "Collections", "Collectors", "Comparator", "ConcurrentHashMap"),
        *("Deque", "Duration", "EnumMap", "Files", "HashMap", "HashSet", "IOException", "IntStream"),
        *("Iterator", "LinkedHashMap", "LinkedHashSet", "LinkedList", "List", "LocalDate"),
        *("LocalDateTime", "Map", "Objects", "Optional", "Paths", "PriorityQueue", "Queue", "Set"),
        *("Stream", "StringJoiner", "TimeUnit", "TreeMap", "TreeSet", "UncheckedIOException", "UUID"),
    }
)

ECMA_IMPORTED = frozenset(
    {
        *("fs", "os", "useCallback", "useContext", "useEffect", "useMemo", "useReducer", "useRef"),
        *("useState", "axios", "readFileSync", "writeFileSync", "existsSync"),
    }
)
"""Of Node.js and React; what browsers define is not among them."""
