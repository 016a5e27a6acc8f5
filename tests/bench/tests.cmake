# The instruments scripts/bench measures with, and a test that they measure right.
foreach(program feed sink run)
  add_executable(bench-${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.cc)
  target_include_directories(bench-${program} PRIVATE ${CMAKE_SOURCE_DIR})
endforeach()
target_link_libraries(bench-feed PRIVATE CLI11::CLI11)
target_link_libraries(bench-sink PRIVATE spate_base)
add_executable(bench-crypto ${CMAKE_CURRENT_LIST_DIR}/crypto.cc)
target_link_libraries(bench-crypto PRIVATE spate_wire)

# Hosts that mean harm.
add_executable(bench-junk ${CMAKE_CURRENT_LIST_DIR}/junk.cc)
target_include_directories(bench-junk PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(bench-junk PRIVATE CLI11::CLI11)
add_executable(bench-storm ${CMAKE_CURRENT_LIST_DIR}/storm.cc)
target_link_libraries(bench-storm PRIVATE spate_io spate_swarm)

# Of the simulator, and of ns-3 where it is installed.
foreach(program queue star)
  add_executable(bench-${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.cc)
  target_link_libraries(bench-${program} PRIVATE spate_sim)
endforeach()
find_path(NS3_INCLUDE_DIR ns3/point-to-point-module.h)
set(ns3_libraries)
foreach(module internet traffic-control bridge point-to-point network stats core)
  find_library(NS3_${module}_LIBRARY ns3-${module})
  list(APPEND ns3_libraries ${NS3_${module}_LIBRARY})
endforeach()
if(NS3_INCLUDE_DIR AND NOT "${ns3_libraries}" MATCHES NOTFOUND)
  add_executable(bench-ns3-star ${CMAKE_CURRENT_LIST_DIR}/ns3_star.cc)
  target_include_directories(bench-ns3-star PRIVATE ${CMAKE_SOURCE_DIR})
  target_include_directories(bench-ns3-star SYSTEM PRIVATE ${NS3_INCLUDE_DIR})
  set_target_properties(bench-ns3-star PROPERTIES CXX_STANDARD 17)  # ns-3's headers are not C++20
  target_link_libraries(bench-ns3-star PRIVATE ${ns3_libraries})
endif()

add_test(NAME bench.feed_to_sink COMMAND ${CMAKE_CURRENT_LIST_DIR}/feed_to_sink_test.sh $<TARGET_FILE_DIR:bench-feed>)
set_tests_properties(bench.feed_to_sink PROPERTIES TIMEOUT 60)
