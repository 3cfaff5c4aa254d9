# Test programs link every folder, hidden symbols included.
get_property(folders GLOBAL PROPERTY SATSYNC_FOLDERS)
add_library(satsync_everything STATIC EXCLUDE_FROM_ALL)
foreach(folder ${folders})
    target_sources(satsync_everything PRIVATE $<TARGET_OBJECTS:${folder}>)
endforeach()
target_link_libraries(satsync_everything PUBLIC satsync_flags satsync_dependencies)
