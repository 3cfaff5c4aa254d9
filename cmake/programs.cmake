# The programs; each links the shared libraries as any other user would.
add_subdirectory(examples)
