import sys

# Tests run from anywhere, and leave nothing in the tree.
sys.dont_write_bytecode = True
